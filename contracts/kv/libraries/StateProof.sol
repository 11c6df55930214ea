// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Sha256Tree} from "../../core/libraries/Sha256Tree.sol";

/// @title StateProof
/// @notice What a key of a stream holds under a state root, for contracts that believe the root.
/// @dev The state is a trie by SHA-256(space || key), the space of a stream's keys being 0x00: four bits a level, a node's hash being
/// the root of the binary SHA-256 tree over its sixteen children, a child that isn't there 32 zero bytes. A root is believed
/// or not before it comes here: see {IStreams-attestationOf}. False means that the proof shows nothing, not the contrary.
library StateProof {
    /// @dev A node has sixteen children, so a level has four siblings.
    uint256 private constant BITS_PER_LEVEL = 4;
    uint256 private constant MOST_BITS = 256;

    /// @param keyHash SHA-256(space || key) of what stands there
    /// @param content SHA-256(version u64 || value)
    struct Leaf {
        bytes32 keyHash;
        bytes32 content;
    }

    /// @notice Whether `key` holds `value` since `version`, the number of the batch that wrote it.
    /// @param root state root of the stream
    /// @param siblings beside the way from the leaf up to the root, bottom to top, four a level
    function holds(
        bytes32 root,
        bytes calldata key,
        uint64 version,
        bytes calldata value,
        bytes32[] calldata siblings
    ) internal view returns (bool) {
        if (!_isWay(siblings.length)) return false;
        bytes32 keyHash = Sha256Tree.hashLeaf(key);
        bytes32 leaf = _hash(Leaf(keyHash, sha256(abi.encodePacked(version, value))));
        return Sha256Tree.climb(leaf, _index(keyHash, siblings.length), siblings) == root;
    }

    /// @notice Whether `key` holds nothing: the way to its place ends in no child, or in another's leaf.
    /// @param other leaf where the way ends; zeros where it ends in no child
    function isAbsent(
        bytes32 root,
        bytes calldata key,
        Leaf calldata other,
        bytes32[] calldata siblings
    ) internal view returns (bool) {
        if (!_isWay(siblings.length)) return false;
        bytes32 keyHash = Sha256Tree.hashLeaf(key);
        bytes32 end;
        if (other.keyHash != 0 || other.content != 0) {
            if (other.keyHash == keyHash) return false;
            if (_index(other.keyHash, siblings.length) != _index(keyHash, siblings.length)) return false;
            end = _hash(other);
        }
        return Sha256Tree.climb(end, _index(keyHash, siblings.length), siblings) == root;
    }

    function _isWay(uint256 bits) private pure returns (bool) {
        return bits != 0 && bits % BITS_PER_LEVEL == 0 && bits <= MOST_BITS;
    }

    /// @dev The first bits of a place: from the lowest up they say on which side each node of the way stands.
    function _index(bytes32 keyHash, uint256 bits) private pure returns (uint256) {
        return uint256(keyHash) >> (MOST_BITS - bits);
    }

    function _hash(Leaf memory leaf) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), leaf.keyHash, leaf.content));
    }
}
