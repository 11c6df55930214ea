// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IModules} from "./interfaces/IModules.sol";

/// @title Modules
/// @notice The list of a deployment's contracts and which of them take new business.
contract Modules is IModules, AccessManaged {
    /* STORAGE */

    /// @param module address, never zero once registered
    /// @param stopped whether it takes no new business
    struct Version {
        address module;
        bool stopped;
    }

    /// @param name under which a module is registered
    /// @param version counted from 1; zero when it isn't
    struct Place {
        bytes32 name;
        uint256 version;
    }

    mapping(bytes32 name => Version[]) private _versions;
    mapping(bytes32 name => uint256) private _currentVersion;
    mapping(address module => Place) private _places;

    /* CONSTRUCTOR */

    /// @param authority the AccessManager of the deployment
    constructor(address authority) AccessManaged(authority) {}

    /* CHANGES */

    /// @inheritdoc IModules
    function register(bytes32 name, address module) external restricted returns (uint256 version) {
        require(module != address(0), Modules_ZeroAddress(name));
        Place storage place = _places[module];
        require(place.version == 0, Modules_AlreadyRegistered(place.name, module));

        _versions[name].push(Version(module, false));
        version = _versions[name].length;
        _currentVersion[name] = version;
        _places[module] = Place(name, version);
        emit ModuleRegistered(name, version, module);
    }

    /// @inheritdoc IModules
    function stop(bytes32 name, uint256 version) external restricted {
        Version storage entry = _versionOf(name, version);
        require(!entry.stopped, Modules_AlreadyStopped(name, version));

        entry.stopped = true;
        if (_currentVersion[name] == version) _currentVersion[name] = _newestActive(name, version);
        emit NewBusinessStopped(name, version);
    }

    /// @inheritdoc IModules
    function resume(bytes32 name, uint256 version) external restricted {
        Version storage entry = _versionOf(name, version);
        require(entry.stopped, Modules_NotStopped(name, version));

        entry.stopped = false;
        if (_currentVersion[name] < version) _currentVersion[name] = version;
        emit NewBusinessResumed(name, version);
    }

    /// @dev As many steps as the DAO has registered versions of one name.
    function _newestActive(bytes32 name, uint256 from) private view returns (uint256 version) {
        Version[] storage list = _versions[name];
        version = from;
        while (version != 0 && list[version - 1].stopped) --version;
    }

    /* VIEWS */

    /// @inheritdoc IModules
    function current(bytes32 name) public view returns (address module) {
        uint256 version = _currentVersion[name];
        return version == 0 ? address(0) : _versions[name][version - 1].module;
    }

    /// @inheritdoc IModules
    function addressOf(bytes32 name, uint256 version) external view returns (address module) {
        return _versionOf(name, version).module;
    }

    /// @inheritdoc IModules
    function versions(bytes32 name) external view returns (uint256) {
        return _versions[name].length;
    }

    /// @inheritdoc IModules
    function takesNewBusiness(address module) external view returns (bool) {
        Place storage place = _places[module];
        return place.version != 0 && _currentVersion[place.name] == place.version;
    }

    function _versionOf(bytes32 name, uint256 version) private view returns (Version storage) {
        Version[] storage list = _versions[name];
        require(version != 0 && version <= list.length, Modules_Unknown(name, version));
        return list[version - 1];
    }
}
