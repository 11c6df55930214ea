// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlotSet} from "../../../contracts/storage/libraries/SlotSet.sol";
import {UnitSpace} from "../../../contracts/storage/libraries/UnitSpace.sol";

/// @notice Counting slots, whatever the set.
contract SlotSetTest {
    /// LOG-13: the size of a set is the number of its bits.
    function testFuzz_LOG_13_sizeIsTheNumberOfBits(uint256 set, uint8 density) external pure {
        // Sparse, dense and whole sets come up too.
        if (density % 3 == 0) set &= set >> 1;
        if (density % 3 == 1) set |= set << 1;
        if (density == 2) set = type(uint256).max;
        if (density == 5) set = 0;
        uint256 count = 0;
        for (uint256 rest = set; rest != 0; rest &= rest - 1) ++count;
        require(SlotSet.size(set) == count, "LOG-13");
    }

    function test_LOG_13_emptyAndWhole() external pure {
        require(SlotSet.size(0) == 0, "LOG-13: empty");
        require(SlotSet.size(type(uint256).max) == 256, "LOG-13: whole");
        require(SlotSet.size(type(uint256).max - 1) == 255, "LOG-13: all but one");
        require(SlotSet.size(type(uint256).max >> 1) == 255, "LOG-13: all but the last");
    }
}

/// @notice Batches come and expire while epochs pass and somebody rolls, now and then.
contract UnitSpaceTest {
    using UnitSpace for UnitSpace.Space;

    /// @param since epoch of the addition
    /// @param end first epoch in which it no longer counts; 0 = none
    struct Added {
        uint48 since;
        uint64 units;
        uint256 end;
    }

    uint48 private constant START = 500_000;
    UnitSpace.Space private _space;
    Added[] private _all;

    /// @param steps each: two bits what to do, then how much
    /// LOG-8, LOG-9: what an epoch counts is what was added before it and had not expired, at any later time.
    function testFuzz_LOG_9_countsAsAgreed(uint32[24] calldata steps) external {
        uint48 current = START;
        uint64 total = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 what = steps[i] & 3;
            uint256 much = steps[i] >> 2;
            if (what <= 1) {
                uint64 units = uint64(1 + (much & 0xffff));
                uint256 end = what == 0 ? 0 : current + 1 + ((much >> 16) & 15);
                require(_space.add(current, units, end) == total, "LOG-8: units before");
                total += units;
                _all.push(Added(current, units, end));
            } else if (what == 2) {
                current += uint48(much % 7);
            } else {
                _space.roll(current, much % 9);
            }
        }
        _space.roll(current, type(uint256).max);
        require(total == 0 || _space.rolledTo == current, "LOG-9: rolled");
        for (uint48 epoch = START; epoch <= current; ++epoch) _check(epoch);
    }

    function _check(uint48 epoch) private view {
        uint256 units = 0;
        uint256 live = 0;
        for (uint256 i = 0; i < _all.length; ++i) {
            if (_all[i].since >= epoch) continue;
            units += _all[i].units;
            if (_all[i].end == 0 || _all[i].end > epoch) live += _all[i].units;
        }
        require(_space.unitsAt(epoch) == units, "LOG-8: units");
        require(_space.liveAt(epoch) == live, "LOG-9: live units");
    }
}
