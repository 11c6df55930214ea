// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Which contract plays which part: name to versions to address. The newest active version takes new business.
interface IModules {
    error Modules_Unknown(bytes32 name, uint256 version);
    error Modules_ZeroAddress(bytes32 name);
    error Modules_AlreadyRegistered(bytes32 name, address module);

    event ModuleRegistered(bytes32 indexed name, uint256 indexed version, address module);
    event NewBusinessStopped(bytes32 indexed name, uint256 indexed version);

    /// @notice Registers the next version of `name`, which takes all new business from now on. DAO only.
    function register(bytes32 name, address module) external returns (uint256 version);
    /// @notice Stops new business in one version; exits, refunds and claims there are untouched. DAO or guardian.
    function stop(bytes32 name, uint256 version) external;

    /// @notice The version that takes new business, or zero address.
    function current(bytes32 name) external view returns (address module);
    /// @notice A version's address; versions count from 1.
    function addressOf(bytes32 name, uint256 version) external view returns (address module);
    /// @notice Number of versions ever registered.
    function versions(bytes32 name) external view returns (uint256);
    /// @notice Whether `module` may take new business now.
    function takesNewBusiness(address module) external view returns (bool);
}
