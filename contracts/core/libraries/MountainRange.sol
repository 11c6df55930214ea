// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title MountainRange
/// @notice An append-only list whose root is the RFC 6962 tree hash, with keccak256.
/// @dev leaf = keccak256(0x00 || data), node = keccak256(0x01 || left || right): the prefixes keep a leaf from being shown as a
/// node. A list of n leaves splits at the largest power of two below n, which is the same as bagging the peaks from the right.
/// The root of an empty list is zero, which no list with entries can have.
library MountainRange {
    /// @dev Enough for as many entries as a 64-bit count can name.
    uint256 private constant MAX_HEIGHT = 64;

    /// @param count entries so far
    /// @param peaks roots of the perfect trees; the one of height h counts only while bit h of `count` is set, so appending
    /// overwrites stale peaks and never clears them
    struct Range {
        uint256 count;
        bytes32[MAX_HEIGHT] peaks;
    }

    /* APPEND */

    /// @notice Appends `data`. Writes two words; hashes one node on average.
    /// @return index position of the entry, from 0
    function append(Range storage self, bytes32 data) internal returns (uint256 index) {
        index = self.count;
        bytes32 peak = hashLeaf(data);
        uint256 height = 0;
        for (uint256 rest = index; rest & 1 == 1; rest >>= 1) {
            peak = hashNode(self.peaks[height], peak);
            ++height;
        }

        self.peaks[height] = peak;
        self.count = index + 1;
    }

    /* VIEWS */

    /// @notice Root over everything appended so far; zero while empty. Reads one word per peak.
    function root(Range storage self) internal view returns (bytes32 hash) {
        uint256 rest = self.count;
        for (uint256 height = 0; rest != 0; ++height) {
            if (rest & 1 == 1) {
                bytes32 peak = self.peaks[height];
                // No hash is zero, so zero says that this is the lowest peak.
                hash = hash == 0 ? peak : hashNode(peak, hash);
            }
            rest >>= 1;
        }
    }

    /// @notice Whether `data` is entry `index` of the list of `count` entries with root `expected`.
    /// @dev RFC 9162 section 2.1.3.2. `count` is part of the statement: pass it only from where `expected` came from.
    /// @param proof audit path, bottom to top; exactly as long as the position asks
    function verify(
        bytes32 data,
        uint256 index,
        uint256 count,
        bytes32 expected,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        if (index >= count) return false;
        // Positions, at the current level, of the node being folded and of the last node.
        uint256 position = index;
        uint256 last = count - 1;
        bytes32 hash = hashLeaf(data);
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false;
            if (position & 1 == 1 || position == last) {
                hash = hashNode(proof[i], hash);
                // A last node without a right sibling rises unhashed to the level where it has a left one.
                while (position & 1 == 0 && position != 0) {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                hash = hashNode(hash, proof[i]);
            }
            position >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == expected;
    }

    function hashLeaf(bytes32 data) internal pure returns (bytes32 hash) {
        // 33 bytes: the scratch space holds them.
        assembly ("memory-safe") {
            mstore8(0x00, 0x00)
            mstore(0x01, data)
            hash := keccak256(0x00, 0x21)
        }
    }

    function hashNode(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        // 65 bytes: one more than the scratch space, so they go behind the free memory pointer, which stays.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0x01)
            mstore(add(free, 0x01), left)
            mstore(add(free, 0x21), right)
            hash := keccak256(free, 0x41)
        }
    }
}
