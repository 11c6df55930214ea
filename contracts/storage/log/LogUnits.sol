// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {IStorageLog} from "../interfaces/IStorageLog.sol";
import {UnitSpace} from "../libraries/UnitSpace.sol";
import {CommitteeId} from "../types/StorageTypes.sol";

/// @title LogUnits
/// @notice Units of the log by committee and epoch.
abstract contract LogUnits is IStorageLog {
    using SafeCast for uint256;
    using UnitSpace for UnitSpace.Space;

    /* IMMUTABLES */

    uint256 internal immutable EPOCH_LENGTH;

    /* STORAGE */

    UnitSpace.Space private _allUnits;
    mapping(CommitteeId committee => UnitSpace.Space) private _units;

    /* CONSTRUCTOR */

    constructor(IParameters parameters_) {
        EPOCH_LENGTH = parameters_.epochLength();
    }

    /* COUNTING */

    /// @return firstUnit units that the committee had before
    function _addUnits(
        CommitteeId committee,
        uint64 units,
        uint256 endEpoch
    ) internal returns (uint64 firstUnit) {
        uint48 current = _currentEpoch();
        _allUnits.add(current, units, endEpoch);
        return _units[committee].add(current, units, endEpoch);
    }

    /// @inheritdoc IStorageLog
    function roll(CommitteeId committee, uint256 maxEpochs) external {
        uint48 current = _currentEpoch();
        _units[committee].roll(current, maxEpochs);
        _allUnits.roll(current, maxEpochs);
    }

    /* VIEWS */

    /// @inheritdoc IStorageLog
    function unitsAt(CommitteeId committee, uint256 epoch) external view returns (uint64) {
        return _units[committee].unitsAt(_begun(epoch));
    }

    /// @inheritdoc IStorageLog
    function liveUnitsAt(CommitteeId committee, uint256 epoch) external view returns (uint64) {
        return _liveAt(_units[committee], epoch);
    }

    /// @inheritdoc IStorageLog
    function totalLiveUnitsAt(uint256 epoch) external view returns (uint64) {
        return _liveAt(_allUnits, epoch);
    }

    /// @dev Where nothing was ever added, nothing has to be rolled.
    function _liveAt(UnitSpace.Space storage space, uint256 epoch) private view returns (uint64) {
        uint48 begun = _begun(epoch);
        uint48 rolledTo = space.rolledTo;
        require(rolledTo == 0 || begun <= rolledTo, StorageLog_NotRolled(epoch, rolledTo));
        return space.liveAt(begun);
    }

    function _begun(uint256 epoch) private view returns (uint48) {
        uint48 current = _currentEpoch();
        require(epoch <= current, StorageLog_EpochAhead(epoch, current));
        return uint48(epoch);
    }

    function _currentEpoch() internal view returns (uint48) {
        return (block.timestamp / EPOCH_LENGTH).toUint48();
    }
}
