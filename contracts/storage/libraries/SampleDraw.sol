// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CommitteeId} from "../types/StorageTypes.sol";

/// @title SampleDraw
/// @notice Which rows a node has to prove in an epoch, and which of them it has to open. See IStorageAudits.
/// @dev The bias of a remainder is below 2^-60: 128 bits of hash over a 64-bit range. Keepers compute the same.
library SampleDraw {
    uint256 internal constant SAMPLES = 1024;
    uint256 private constant SLOTS = 256;

    /// @param slot of the node
    /// @param unit of its committee
    struct Sample {
        uint256 slot;
        uint256 unit;
    }

    /* SEEDS AND VALUES */

    function nodeSeed(
        bytes32 seedA,
        CommitteeId committee,
        uint8 seat,
        address operator
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(seedA, committee, seat, operator));
    }

    /// @notice What a node commits for a row that it holds; it takes the whole row.
    function valueOf(bytes32 seed, uint256 index, bytes calldata row) internal pure returns (bytes32 value) {
        // As keccak256(abi.encodePacked(seed, index, row)), with one copy of the row.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, seed)
            mstore(add(free, 0x20), index)
            calldatacopy(add(free, 0x40), row.offset, row.length)
            value := keccak256(free, add(row.length, 0x40))
        }
    }

    /* SAMPLES */

    /// @param liable slots of the node, not none
    /// @param units of its committee, not zero
    function sampleAt(
        bytes32 seed,
        uint256 number,
        uint256 liable,
        uint256 units
    ) internal pure returns (Sample memory) {
        (uint256 high, uint256 low) = _halves(keccak256(abi.encode(seed, number)));
        return Sample(slotAt(liable, high % sizeOf(liable)), low % units);
    }

    /// @notice The two samples that seed B asks for.
    /// @return a number of the lower one
    /// @return b number of the higher one
    function pair(bytes32 seed, bytes32 seedB) internal pure returns (uint256 a, uint256 b) {
        (uint256 high, uint256 low) = _halves(keccak256(abi.encode(seed, seedB)));
        a = high % SAMPLES;
        b = low % (SAMPLES - 1);
        if (b >= a) return (a, b + 1);
        return (b, a);
    }

    /* PLACES */

    /// @notice Row of a segment that is a slot's `rowInStrip`-th.
    /// @param offset first byte of the segment's commitment
    function rowAt(
        uint256 slot,
        uint256 offset,
        uint256 rowInStrip,
        uint256 rowsPerStrip
    ) internal pure returns (uint256) {
        return ((slot + SLOTS - offset) % SLOTS) * rowsPerStrip + rowInStrip;
    }

    /// @notice Number of bits set.
    function sizeOf(uint256 set) internal pure returns (uint256) {
        unchecked {
            // Sums of neighbours of 1, 2, 4 bits; then of bytes, by halves: 256 needs nine bits, which 16 have.
            set -= (set >> 1) & 0x5555555555555555555555555555555555555555555555555555555555555555;
            set =
                (set & 0x3333333333333333333333333333333333333333333333333333333333333333) +
                ((set >> 2) & 0x3333333333333333333333333333333333333333333333333333333333333333);
            set = (set + (set >> 4)) & 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
            set =
                (set & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff) +
                ((set >> 8) & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff);
            // The top half-word gathers the sum of all sixteen.
            return (set * 0x0001000100010001000100010001000100010001000100010001000100010001) >> 240;
        }
    }

    /// @notice The element of a set that has `rank` smaller ones. The set has more than `rank` elements.
    function slotAt(uint256 set, uint256 rank) internal pure returns (uint256 slot) {
        for (uint256 width = SLOTS / 2; width != 0; width >>= 1) {
            uint256 low = set & ((1 << width) - 1);
            uint256 size = sizeOf(low);
            if (rank < size) {
                set = low;
            } else {
                rank -= size;
                slot += width;
                set >>= width;
            }
        }
    }

    function _halves(bytes32 hash) private pure returns (uint256 high, uint256 low) {
        return (uint256(hash) >> 128, uint128(uint256(hash)));
    }
}
