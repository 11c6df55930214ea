// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SampleDraw} from "./SampleDraw.sol";
import {SlotSet} from "./SlotSet.sol";

/// @title CaseDraw
/// @notice Which rows a case about a segment asks for. See IRecoverability. Keepers compute the same.
library CaseDraw {
    uint256 internal constant ASKED = 32;

    /// @param mask slots to draw from, ASKED or more
    /// @return slots byte i, counted from the least significant, is the i-th slot asked
    function draw(bytes32 seed, uint256 mask) internal pure returns (uint256 slots) {
        uint256 size = SlotSet.size(mask);
        for (uint256 number = 0; number < ASKED; ++number) {
            uint256 slot = SlotSet.slotAt(mask, (_hash(seed, number) >> 128) % (size - number));
            mask ^= 1 << slot;
            slots |= slot << (8 * number);
        }
    }

    /// @notice The `number`-th byte of what `draw` returns, or of the seats that go with it.
    function byteAt(uint256 word, uint256 number) internal pure returns (uint8) {
        return uint8(word >> (8 * number));
    }

    /// @notice Row of the segment that is asked of the `number`-th slot.
    /// @param offset first byte of the segment's commitment
    function rowOf(
        bytes32 seed,
        uint256 slots,
        uint256 number,
        uint256 offset,
        uint256 rowsPerStrip
    ) internal pure returns (uint256) {
        uint256 rowInStrip = uint128(_hash(seed, number)) % rowsPerStrip;
        return SampleDraw.rowAt(byteAt(slots, number), offset, rowInStrip, rowsPerStrip);
    }

    function _hash(bytes32 seed, uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, number)));
    }
}
