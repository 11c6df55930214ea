// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Every number the DAO may change, each inside bounds that nobody may change.
/// @dev A change never takes effect in the epoch in which it was made: whoever acts in an epoch knows its rules.
interface IParameters {
    /// @param min smallest value ever allowed
    /// @param max largest value ever allowed
    /// @param maxStep largest absolute change of one `set`
    /// @param cooldown seconds between two `set` of the same name; the first needs none
    struct Bounds {
        uint128 min;
        uint128 max;
        uint128 maxStep;
        uint32 cooldown;
    }

    /// @notice Thrown when `name` was never defined.
    error Parameters_Unknown(bytes32 name);
    /// @notice Thrown when `name` is defined already.
    error Parameters_AlreadyDefined(bytes32 name);
    /// @notice Thrown when a value leaves its bounds.
    error Parameters_OutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice Thrown when a change is larger than the step that its bounds allow.
    error Parameters_StepTooLarge(bytes32 name, uint256 from, uint256 to, uint256 maxStep);
    /// @notice Thrown when the last change is too recent.
    error Parameters_CoolingDown(bytes32 name, uint256 until);

    /// @notice Thrown when the contract is made without an epoch length.
    error Parameters_ZeroEpochLength();

    event ParameterDefined(bytes32 indexed name, uint256 value, Bounds bounds);
    event ParameterSet(bytes32 indexed name, uint256 from, uint256 to, uint256 effectiveAt);

    /// @notice Defines a parameter once and for all bounds. DAO only.
    function introduce(bytes32 name, uint256 value, Bounds calldata bounds) external;

    /// @notice Changes a value from the start of the next epoch on. DAO only.
    /// @dev Replaces a change that still waits, if the cooldown has passed. The step is measured from the value in force.
    function set(bytes32 name, uint256 value) external;

    /// @notice The value in force now. Reverts for an unknown name.
    /// @param name a short string such as "audits.reward", left-aligned in 32 bytes
    function get(bytes32 name) external view returns (uint256 value);

    /// @notice The value in force, the waiting one and the timestamp (seconds) from which that holds.
    /// @dev When none waits, `next` equals `value` and `effectiveAt` is zero.
    function describe(
        bytes32 name
    ) external view returns (uint256 value, uint256 next, uint256 effectiveAt, Bounds memory bounds);

    /// @notice Length of an epoch, seconds. Epoch n begins at timestamp n * epochLength.
    function epochLength() external view returns (uint256);
}
