// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClusters} from "./interfaces/IClusters.sol";
import {ClusterName} from "./libraries/ClusterName.sol";
import {StreamId} from "./types/StreamId.sol";

/// @title Clusters
/// @notice See {IClusters}.
contract Clusters is IClusters {
    using ClusterName for string;

    /* STORAGE */

    mapping(bytes32 nameHash => Cluster) private _clusters;
    mapping(bytes32 nameHash => address) private _offers;

    /* REGISTERING */

    /// @inheritdoc IClusters
    function register(string calldata name, uint64 chainId, address streams, StreamId stream) external {
        require(name.isValid(), Clusters_BadName(name));
        _requireTarget(chainId, streams);
        bytes32 nameHash = _hashOf(name);
        require(_clusters[nameHash].owner == address(0), Clusters_Taken(name));

        _clusters[nameHash] = Cluster(msg.sender, chainId, streams, stream);
        emit ClusterRegistered(nameHash, name, msg.sender, chainId, streams, stream);
    }

    /// @inheritdoc IClusters
    function retarget(string calldata name, uint64 chainId, address streams, StreamId stream) external {
        bytes32 nameHash = _ofCaller(name);
        _requireTarget(chainId, streams);

        _clusters[nameHash] = Cluster(msg.sender, chainId, streams, stream);
        emit ClusterRetargeted(nameHash, chainId, streams, stream);
    }

    /* HANDING OVER */

    /// @inheritdoc IClusters
    function offer(string calldata name, address newOwner) external {
        bytes32 nameHash = _ofCaller(name);

        _offers[nameHash] = newOwner;
        emit ClusterOffered(nameHash, msg.sender, newOwner);
    }

    /// @inheritdoc IClusters
    function accept(string calldata name) external {
        bytes32 nameHash = _hashOf(name);
        require(_offers[nameHash] == msg.sender, Clusters_NotOffered(name, msg.sender));
        address from = _clusters[nameHash].owner;

        delete _offers[nameHash];
        _clusters[nameHash].owner = msg.sender;
        emit ClusterTransferred(nameHash, from, msg.sender);
    }

    /* VIEWS */

    /// @inheritdoc IClusters
    function get(string calldata name) external view returns (Cluster memory cluster) {
        cluster = _clusters[_hashOf(name)];
        require(cluster.owner != address(0), Clusters_Unknown(name));
    }

    /// @inheritdoc IClusters
    function offeredTo(string calldata name) external view returns (address) {
        return _offers[_hashOf(name)];
    }

    function _ofCaller(string calldata name) private view returns (bytes32 nameHash) {
        nameHash = _hashOf(name);
        address owner = _clusters[nameHash].owner;
        require(owner != address(0), Clusters_Unknown(name));
        require(owner == msg.sender, Clusters_NotOwner(name, msg.sender));
    }

    function _requireTarget(uint64 chainId, address streams) private pure {
        require(chainId != 0 && streams != address(0), Clusters_BadTarget(chainId, streams));
    }

    function _hashOf(string calldata name) private pure returns (bytes32) {
        return keccak256(bytes(name));
    }
}
