// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {ICommittees} from "../interfaces/ICommittees.sol";
import {SlotTable} from "../libraries/SlotTable.sol";
import {CommitteeId} from "../types/StorageTypes.sol";

/// @title Tables
/// @notice Owner tables of committees: as they are, as they were when recent epochs began, and how much may move in an epoch.
abstract contract Tables is ICommittees {
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    bytes32 private constant CHURN = "storage.churn";
    uint256 private constant BPS = 10_000;
    uint256 private constant KEPT = 3;

    IParameters public immutable parameters;
    uint256 private immutable EPOCH_LENGTH;

    /* STORAGE */

    /// @param owners table in force
    /// @param version number of changes
    /// @param moves slots that left an owner in the latest epoch with a change
    /// @param snapshots number of epochs with a change
    /// @param changes epochs with a change, the i-th in entry i mod 4: one more than there are tables
    /// @param tables the table when such an epoch began, the i-th in entry i mod 3
    struct Table {
        uint256[8] owners;
        uint32 version;
        uint16 moves;
        uint64 snapshots;
        uint64[KEPT + 1] changes;
        uint256[8][KEPT] tables;
    }

    mapping(CommitteeId committee => Table) private _tables;

    /* CONSTRUCTOR */

    constructor(IParameters parameters_) {
        parameters = parameters_;
        EPOCH_LENGTH = parameters_.epochLength();
    }

    /* CHANGES */

    /// @dev Writes the table, and keeps what was there when the epoch began.
    /// @param moved slots that left an owner
    /// @param isBounded whether they must fit into what the epoch has left
    function _assign(CommitteeId committee, uint256[8] memory next, uint256 moved, bool isBounded) internal {
        uint256 left = movesLeft(committee);
        require(!isBounded || moved <= left, Committees_ChurnExceeded(committee, moved, left, _epoch() + 1));
        Table storage table = _tables[committee];
        if (!_hasChanged(table)) _keep(table);

        for (uint256 word = 0; word < 8; ++word) {
            if (table.owners[word] != next[word]) table.owners[word] = next[word];
        }
        uint32 version = table.version + 1;
        table.version = version;
        table.moves += moved.toUint16();
        emit SlotsAssigned(committee, version, next);
    }

    function _keep(Table storage table) private {
        uint64 snapshots = table.snapshots;
        table.tables[snapshots % KEPT] = table.owners;
        table.changes[snapshots % (KEPT + 1)] = _epoch().toUint64();
        table.snapshots = snapshots + 1;
        table.moves = 0;
    }

    /* VIEWS */

    /// @inheritdoc ICommittees
    function owners(CommitteeId committee) public view returns (uint256[8] memory) {
        return _tables[committee].owners;
    }

    /// @inheritdoc ICommittees
    function ownerOf(CommitteeId committee, uint8 slot) external view returns (uint8 seat) {
        return uint8(SlotTable.ownerIn(_tables[committee].owners[slot >> 5], slot));
    }

    /// @inheritdoc ICommittees
    function ownersAt(CommitteeId committee, uint256 epoch) public view returns (uint256[8] memory) {
        uint256 current = _epoch();
        require(epoch <= current, Committees_EpochAhead(epoch, current));
        Table storage table = _tables[committee];
        uint256[8] storage found = table.owners;
        uint256 left = table.snapshots;
        for (uint256 back = 0; left != 0; ++back) {
            --left;
            // What was assigned in an epoch holds from the next one on.
            if (table.changes[left % (KEPT + 1)] < epoch) break;
            require(back < KEPT, Committees_TableForgotten(committee, epoch));
            found = table.tables[left % KEPT];
        }
        return found;
    }

    /// @inheritdoc ICommittees
    function liableSlots(CommitteeId committee, uint8 seat, uint256 epoch) external view returns (uint256) {
        return seat == 0 || epoch == 0 ? 0 : SlotTable.maskOf(ownersAt(committee, epoch - 1), seat);
    }

    /// @inheritdoc ICommittees
    function versionOf(CommitteeId committee) external view returns (uint32) {
        return _tables[committee].version;
    }

    /// @inheritdoc ICommittees
    function movesLeft(CommitteeId committee) public view returns (uint256) {
        Table storage table = _tables[committee];
        uint256 most = (parameters.get(CHURN) * SlotTable.SLOTS) / BPS;
        return Math.saturatingSub(most, _hasChanged(table) ? table.moves : 0);
    }

    function _epoch() internal view returns (uint256) {
        return block.timestamp / EPOCH_LENGTH;
    }

    /// @dev Whether the table has changed in the current epoch.
    function _hasChanged(Table storage table) private view returns (bool) {
        uint256 snapshots = table.snapshots;
        return snapshots != 0 && table.changes[(snapshots - 1) % (KEPT + 1)] == _epoch();
    }
}
