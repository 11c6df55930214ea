// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IParameters} from "./interfaces/IParameters.sol";

/// @title Parameters
/// @notice Values that the DAO may move, slowly and within bounds.
contract Parameters is IParameters, AccessManaged {
    /* IMMUTABLES */

    /// @inheritdoc IParameters
    uint256 public immutable epochLength;

    /* STORAGE */

    /// @param value in force before `effectiveAt`
    /// @param next in force from `effectiveAt` on
    /// @param effectiveAt timestamp, seconds; zero when the value was never changed
    /// @param changedAt timestamp of the last `set`, seconds
    struct Entry {
        uint128 value;
        uint128 next;
        uint64 effectiveAt;
        uint64 changedAt;
        bool defined;
        Bounds bounds;
    }

    mapping(bytes32 name => Entry) private _entries;

    /* CONSTRUCTOR */

    /// @param authority the AccessManager of the deployment
    /// @param secondsPerEpoch length of an epoch; epochs are counted from timestamp zero
    constructor(address authority, uint256 secondsPerEpoch) AccessManaged(authority) {
        require(secondsPerEpoch != 0, Parameters_ZeroEpochLength());
        epochLength = secondsPerEpoch;
    }

    /* CHANGES */

    /// @inheritdoc IParameters
    function introduce(bytes32 name, uint256 value, Bounds calldata bounds) external restricted {
        Entry storage entry = _entries[name];
        require(!entry.defined, Parameters_AlreadyDefined(name));
        _requireInBounds(name, value, bounds);

        entry.defined = true;
        // Within bounds, which are 128 bits wide.
        entry.value = uint128(value);
        entry.bounds = bounds;
        emit ParameterDefined(name, value, bounds);
    }

    /// @inheritdoc IParameters
    function set(bytes32 name, uint256 value) external restricted {
        Entry storage entry = _entryOf(name);
        Bounds memory bounds = entry.bounds;
        _requireInBounds(name, value, bounds);
        uint256 cooledAt = uint256(entry.changedAt) + bounds.cooldown;
        require(entry.changedAt == 0 || block.timestamp >= cooledAt, Parameters_CoolingDown(name, cooledAt));
        uint256 from = _inForce(entry);
        uint256 step = value > from ? value - from : from - value;
        require(step <= bounds.maxStep, Parameters_StepTooLarge(name, from, value, bounds.maxStep));

        uint256 effectiveAt = (block.timestamp / epochLength + 1) * epochLength;

        // A waiting value is dropped here, so steps never add up within an epoch.
        entry.value = uint128(from);
        entry.next = uint128(value);
        entry.effectiveAt = uint64(effectiveAt);
        entry.changedAt = uint64(block.timestamp);
        emit ParameterSet(name, from, value, effectiveAt);
    }

    /* VIEWS */

    /// @inheritdoc IParameters
    function get(bytes32 name) external view returns (uint256 value) {
        return _inForce(_entryOf(name));
    }

    /// @inheritdoc IParameters
    function describe(
        bytes32 name
    ) external view returns (uint256 value, uint256 next, uint256 effectiveAt, Bounds memory bounds) {
        Entry storage entry = _entryOf(name);

        value = _inForce(entry);
        bounds = entry.bounds;
        if (block.timestamp < entry.effectiveAt) return (value, entry.next, entry.effectiveAt, bounds);
        return (value, value, 0, bounds);
    }

    function _entryOf(bytes32 name) private view returns (Entry storage entry) {
        entry = _entries[name];
        require(entry.defined, Parameters_Unknown(name));
    }

    function _inForce(Entry storage entry) private view returns (uint256) {
        bool changed = entry.effectiveAt != 0 && block.timestamp >= entry.effectiveAt;
        return Math.ternary(changed, entry.next, entry.value);
    }

    function _requireInBounds(bytes32 name, uint256 value, Bounds memory bounds) private pure {
        require(
            value >= bounds.min && value <= bounds.max,
            Parameters_OutOfBounds(name, value, bounds.min, bounds.max)
        );
    }
}
