// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Sha256Tree
/// @notice Roots of binary SHA-256 trees over a power of two of leaves: leaf = H(0x00 || data), node = H(0x01 || left || right).
/// @dev A call of the precompile fails only for want of gas, which leaves too little to go on; `ok` makes that a revert all the
/// same. Everything is built behind the free memory pointer, which stays where it is.
library Sha256Tree {
    function hashLeaf(bytes calldata data) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0x00)
            calldatacopy(add(free, 1), data.offset, data.length)
            if iszero(staticcall(gas(), 0x02, free, add(data.length, 1), 0x00, 0x20)) {
                revert(0, 0)
            }
            hash := mload(0x00)
        }
    }

    function hashLeaf(bytes16 data) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore8(0x00, 0x00)
            mstore(0x01, data)
            if iszero(staticcall(gas(), 0x02, 0x00, 0x11, 0x00, 0x20)) {
                revert(0, 0)
            }
            hash := mload(0x00)
        }
    }

    /// @notice H(left || right), without a prefix: how a commitment joins two roots.
    function join(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            if iszero(staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20)) {
                revert(0, 0)
            }
            hash := mload(0x00)
        }
    }

    /// @notice Root that `leaf` (a hash) leads to as leaf `index`.
    /// @param path siblings, bottom to top; the caller knows how many there must be
    function climb(
        bytes32 leaf,
        uint256 index,
        bytes32[] calldata path
    ) internal view returns (bytes32 root) {
        root = leaf;
        assembly ("memory-safe") {
            // The node being hashed: prefix, then left and right, at 64 bytes so that the place of either is the other's with one
            // bit flipped. Each hash lands where the next node wants it.
            let children := and(add(mload(0x40), 0x7f), not(0x3f))
            let node := sub(children, 1)
            let place := or(children, shl(5, and(index, 1)))
            let ok := 1
            mstore8(node, 0x01)
            mstore(place, root)
            let end := add(path.offset, shl(5, path.length))
            for {
                let sibling := path.offset
            } lt(sibling, end) {
                sibling := add(sibling, 0x20)
            } {
                mstore(xor(place, 0x20), calldataload(sibling))
                index := shr(1, index)
                place := or(children, shl(5, and(index, 1)))
                ok := and(ok, staticcall(gas(), 0x02, node, 0x41, place, 0x20))
            }
            if iszero(ok) {
                revert(0, 0)
            }
            root := mload(place)
        }
    }
}
