// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlotSet} from "../../../contracts/storage/libraries/SlotSet.sol";

/// @notice Sets of slots against counting one by one, for whatever set.
contract SlotSetTest {
    /// SAMPLE-2: the slot at a rank is in the set and has as many smaller ones.
    function testFuzz_SAMPLE2_slotAtHasItsRank(uint256 set, uint256 more, uint256 thinness) public pure {
        // From half of the slots to none, or to all but none.
        set = _thinned(set, more, thinness % 8);
        _checkRank(set, more);
        _checkRank(~set, more);
    }

    /// SAMPLE-2: at every rank of the sets where halves and bytes are full or empty.
    function test_SAMPLE2_slotAtHasItsRankAtEdges() public pure {
        uint256 all = type(uint256).max;
        uint256 low = type(uint128).max;
        uint256[8] memory sets = [all, all - 1, all >> 1, low, ~low, low >> 1, all ^ (1 << 128), 0xff];
        for (uint256 i = 0; i < sets.length; ++i)
            for (uint256 rank = 0; rank < _count(sets[i]); ++rank) _checkRank(sets[i], rank);
    }

    /// SAMPLE-2: the size is the number of slots.
    function testFuzz_SAMPLE2_sizeCounts(uint256 set, uint256 more, uint256 thinness) public pure {
        set = _thinned(set, more, thinness % 8);
        assert(SlotSet.size(set) == _count(set));
        assert(SlotSet.size(~set) == 256 - _count(set));
    }

    function _checkRank(uint256 set, uint256 rank) private pure {
        uint256 size = _count(set);
        if (size == 0) return;
        rank %= size;
        uint256 slot = SlotSet.slotAt(set, rank);
        assert((set >> slot) & 1 == 1);
        assert(_count(set & ((1 << slot) - 1)) == rank);
    }

    function _thinned(uint256 set, uint256 seed, uint256 times) private pure returns (uint256) {
        for (; times != 0; --times) set &= uint256(keccak256(abi.encode(seed, times)));
        return set;
    }

    function _count(uint256 set) private pure returns (uint256 size) {
        for (; set != 0; set &= set - 1) ++size;
    }
}
