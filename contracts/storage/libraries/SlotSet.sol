// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title SlotSet
/// @notice Sets of slots: 256 bits, bit s for slot s.
library SlotSet {
    uint256 private constant ODD_BITS = type(uint256).max / 3;
    uint256 private constant ODD_PAIRS = type(uint256).max / 5;
    uint256 private constant ODD_NIBBLES = type(uint256).max / 17;

    uint256 private constant ONES = type(uint256).max / 255;

    /// @notice Number of slots in a set.
    /// @dev All 32 bytes add up to 256 at most, which doesn't fit the top byte of the product when every slot is in.
    function size(uint256 self) internal pure returns (uint256) {
        if (self == type(uint256).max) return 256;
        return _sizesUpTo(self) >> 248;
    }

    /// @notice The slot of a set that has `rank` smaller ones. The set has more than `rank` slots.
    /// @dev Finds the byte that holds it at once: bit 7 of each byte of the difference says whether the bytes up to there hold
    /// `rank` slots or fewer. That takes counts of 128 at most, so a larger set is halved before.
    function slotAt(uint256 self, uint256 rank) internal pure returns (uint256 slot) {
        if (self == type(uint256).max) return rank;
        unchecked {
            uint256 sizes = _sizesUpTo(self);
            if (sizes >> 248 > 128) {
                uint256 low = uint8(sizes >> 120);
                if (rank < low) self &= type(uint128).max;
                else (self, rank, slot) = (self >> 128, rank - low, 128);
                sizes = _sizesUpTo(self);
            }
            uint256 passed = (((rank * ONES) | (ONES << 7)) - sizes) >> 7;
            uint256 shift = 8 * (((passed & ONES) * ONES) >> 248);
            if (shift != 0) rank -= uint8(sizes >> (shift - 8));
            self >>= shift;
            for (; rank != 0; --rank) self &= self - 1;
            return slot + shift + Math.log2(self & (~self + 1));
        }
    }

    /// @return sizes byte i, counted from the least significant, counts the slots in bytes 0 to i, modulo 256
    /// @dev Counts in fields of 2, 4 and 8 bits at once.
    function _sizesUpTo(uint256 self) private pure returns (uint256 sizes) {
        unchecked {
            uint256 counts = self - ((self >> 1) & ODD_BITS);
            counts = (counts & ODD_PAIRS) + ((counts >> 2) & ODD_PAIRS);
            counts = (counts + (counts >> 4)) & ODD_NIBBLES;
            return counts * ONES;
        }
    }
}
