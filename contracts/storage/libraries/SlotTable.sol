// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title SlotTable
/// @notice Who owns which of 256 slots, kept even by moving as few slots as a change needs.
/// @dev Slot s is byte s mod 32, from the least significant, of word s / 32. Work is bounded by the table, not by its users.
/// A set of slots is a word, bit s for slot s.
/// Invariant of `seat` and `vacate`, given a table that they made: with m members, min(256, 32*m) slots are owned, and each
/// member has floor(256/m) of them or one more, at most 32. A joiner's share is the floor, and the others' average then lies
/// between the floor and one more; a leaver's slots lift the smallest first.
library SlotTable {
    uint256 internal constant SLOTS = 256;
    /// @dev One eighth: no operator may hold more.
    uint256 internal constant MAX_OWNED = 32;
    uint256 private constant NOBODY = 0;

    /// @dev The lowest bit of every byte, and the lower seven bits of every byte.
    uint256 private constant ONES = type(uint256).max / 0xff;
    uint256 private constant LOW_BITS = 0x7f * ONES;
    /// @dev The lowest 2, 4, 8 and 16 bits of every 2, 4, 8 and 16 bytes.
    uint256 private constant PAIRS = (type(uint256).max / 0xffff) * 0x3;
    uint256 private constant QUADS = (type(uint256).max / 0xffffffff) * 0xf;
    uint256 private constant OCTETS = (type(uint256).max / 0xffffffffffffffff) * 0xff;
    uint256 private constant SIXTEENS = (type(uint256).max / type(uint128).max) * 0xffff;

    /// @notice Even share of one of `members`.
    function share(uint256 members) internal pure returns (uint256) {
        return Math.min(MAX_OWNED, SLOTS / members);
    }

    /// @notice Gives `joiner` its share, from nobody's slots first, then from the largest holders, as a walk over all slots from
    /// `start` on meets them.
    /// @param members number of members with the joiner
    /// @return moved slots that other members gave up
    function seat(
        uint256[8] memory table,
        uint256 joiner,
        uint256 members,
        uint256 start
    ) internal pure returns (uint256 moved) {
        uint256[SLOTS] memory counts = countAll(table);
        uint256 level = share(members);
        uint256 unowned = Math.min(counts[NOBODY], level);
        uint256 left = level - unowned;
        moved = left;
        // Holders above level + 1 are cut to it; only then, and as far as still needed, some are cut to `level`.
        uint256 toLevel = left - Math.min(left, _excess(counts, level + 1));

        for (uint256 step = 0; step < SLOTS && unowned + left != 0; ++step) {
            uint256 slot = (start + step) % SLOTS;
            uint256 owner = ownerAt(table, slot);
            if (owner == NOBODY) {
                if (unowned == 0) continue;
                --unowned;
            } else {
                uint256 held = counts[owner];
                if (left == 0 || held <= level || (held == level + 1 && toLevel == 0)) continue;
                if (held == level + 1) --toLevel;
                --left;
                counts[owner] = held - 1;
            }
            _assign(table, slot, joiner);
        }
    }

    /// @notice Hands the slots of `leaver` to the smallest holders that are under 32, or to nobody.
    /// @param members number of members without the leaver
    /// @return moved slots that the leaver gave up
    function vacate(
        uint256[8] memory table,
        uint256 leaver,
        uint256 members
    ) internal pure returns (uint256 moved) {
        uint256[SLOTS] memory counts = countAll(table);
        moved = counts[leaver];
        counts[leaver] = 0;
        uint256 level = members == 0 ? 0 : share(members);
        uint256 heir = 1;

        for (uint256 slot = 0; slot < SLOTS; ++slot) {
            if (ownerAt(table, slot) != leaver) continue;
            // Whoever serves owns a slot, so who owns none doesn't serve.
            while (heir < SLOTS && (counts[heir] == 0 || counts[heir] >= level)) {
                ++heir;
                if (heir == SLOTS && members != 0 && level == SLOTS / members && level < MAX_OWNED) {
                    ++level;
                    heir = 1;
                }
            }
            if (heir == SLOTS) {
                _assign(table, slot, NOBODY);
            } else {
                ++counts[heir];
                _assign(table, slot, heir);
            }
        }
    }

    /// @notice Set of slots that `owner`, below 256, owns.
    /// @dev All 32 bytes of a word at once: those equal to `owner` become zero, zeros become bits, the bits move together.
    function maskOf(uint256[8] memory table, uint256 owner) internal pure returns (uint256 slots) {
        uint256 pattern = owner * ONES;
        for (uint256 word = 0; word < 8; ++word) {
            uint256 other = table[word] ^ pattern;
            // The top bit of a byte, unless the byte is zero.
            uint256 different = ((other & LOW_BITS) + LOW_BITS) | other;
            slots |= _gather((~different >> 7) & ONES) << (32 * word);
        }
    }

    /// @dev Bit 8i to bit i, for i below 32; all other bits must be zero.
    function _gather(uint256 bits) private pure returns (uint256) {
        bits = (bits | (bits >> 7)) & PAIRS;
        bits = (bits | (bits >> 14)) & QUADS;
        bits = (bits | (bits >> 28)) & OCTETS;
        bits = (bits | (bits >> 56)) & SIXTEENS;
        return (bits | (bits >> 112)) & 0xffffffff;
    }

    /// @notice Slots of each member; entry 0 counts nobody's.
    function countAll(uint256[8] memory table) internal pure returns (uint256[SLOTS] memory counts) {
        for (uint256 word = 0; word < 8; ++word) {
            uint256 owners = table[word];
            for (uint256 i = 0; i < 32; ++i) {
                ++counts[owners & 0xff];
                owners >>= 8;
            }
        }
    }

    function ownerAt(uint256[8] memory table, uint256 slot) internal pure returns (uint256) {
        return ownerIn(table[slot >> 5], slot);
    }

    /// @param word the word of the table that has `slot`
    function ownerIn(uint256 word, uint256 slot) internal pure returns (uint256) {
        return (word >> (8 * (slot & 31))) & 0xff;
    }

    function _assign(uint256[8] memory table, uint256 slot, uint256 member) private pure {
        uint256 shift = 8 * (slot & 31);
        table[slot >> 5] = (table[slot >> 5] & ~(0xff << shift)) | (member << shift);
    }

    /// @dev Slots by which members exceed `level`, together.
    function _excess(uint256[SLOTS] memory counts, uint256 level) private pure returns (uint256 sum) {
        for (uint256 member = 1; member < SLOTS; ++member) {
            sum += Math.saturatingSub(counts[member], level);
        }
    }
}
