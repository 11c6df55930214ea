// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Which contract plays which part: name to versions to address. The newest active version takes new business.
/// @dev A version never changes its address and an address never plays two parts. Older versions keep serving exits,
/// refunds and claims; nothing here can stop those.
interface IModules {
    /// @notice Thrown when `name` has no such version.
    error Modules_Unknown(bytes32 name, uint256 version);
    /// @notice Thrown when a version would have no address.
    error Modules_ZeroAddress(bytes32 name);
    /// @notice Thrown when `module` is registered already, under `name`.
    error Modules_AlreadyRegistered(bytes32 name, address module);
    /// @notice Thrown when a version is stopped twice.
    error Modules_AlreadyStopped(bytes32 name, uint256 version);
    /// @notice Thrown when a version is resumed that was not stopped.
    error Modules_NotStopped(bytes32 name, uint256 version);

    event ModuleRegistered(bytes32 indexed name, uint256 indexed version, address module);
    event NewBusinessStopped(bytes32 indexed name, uint256 indexed version);
    event NewBusinessResumed(bytes32 indexed name, uint256 indexed version);

    /// @notice Registers the next version of `name`, which takes all new business from now on. DAO only.
    /// @param name a short string such as "sessions", left-aligned in 32 bytes
    function register(bytes32 name, address module) external returns (uint256 version);
    /// @notice Stops new business in one version; exits, refunds and claims there are untouched. DAO or guardian.
    /// @dev When that was the current one, the newest version that isn't stopped takes its place, or none.
    function stop(bytes32 name, uint256 version) external;
    /// @notice Lets a stopped version take new business again, if no newer one does. DAO only.
    function resume(bytes32 name, uint256 version) external;

    /// @notice The version that takes new business, or zero address.
    function current(bytes32 name) external view returns (address module);
    /// @notice A version's address; versions count from 1.
    function addressOf(bytes32 name, uint256 version) external view returns (address module);
    /// @notice Number of versions ever registered.
    function versions(bytes32 name) external view returns (uint256);
    /// @notice Whether `module` may take new business now.
    function takesNewBusiness(address module) external view returns (bool);
}
