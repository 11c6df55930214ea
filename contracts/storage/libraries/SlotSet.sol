// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title SlotSet
/// @notice Sets of slots: 256 bits, bit s for slot s.
library SlotSet {
    uint256 private constant ODD_BITS = type(uint256).max / 3;
    uint256 private constant ODD_PAIRS = type(uint256).max / 5;
    uint256 private constant ODD_NIBBLES = type(uint256).max / 17;

    /// @notice Number of slots in a set.
    /// @dev Counts in fields of 2, 4 and 8 bits at once. All 32 bytes add up to 256 at most, which doesn't fit the top byte of the
    /// product when every slot is in.
    function size(uint256 self) internal pure returns (uint256) {
        if (self == type(uint256).max) return 256;
        unchecked {
            uint256 counts = self - ((self >> 1) & ODD_BITS);
            counts = (counts & ODD_PAIRS) + ((counts >> 2) & ODD_PAIRS);
            counts = (counts + (counts >> 4)) & ODD_NIBBLES;
            return (counts * (type(uint256).max / 255)) >> 248;
        }
    }
}
