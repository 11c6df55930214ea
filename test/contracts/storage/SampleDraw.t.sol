// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SampleDraw} from "../../../contracts/storage/libraries/SampleDraw.sol";

/// @notice The arithmetic of samples against what it means, for whatever input.
contract SampleDrawTest {
    /// SAMPLE-1: the size of a set is the number of its bits.
    function testFuzz_sizeCountsBits(uint256 set) public pure {
        assert(SampleDraw.sizeOf(set) == _count(set));
    }

    /// SAMPLE-1, at the ends.
    function test_sizeOfNothingAndOfEverything() public pure {
        assert(SampleDraw.sizeOf(0) == 0);
        assert(SampleDraw.sizeOf(type(uint256).max) == 256);
    }

    /// SAMPLE-2: the element at a rank is in the set and has as many smaller ones.
    function testFuzz_slotAtHasItsRank(uint256 set, uint256 seed, bool sparse) public pure {
        if (sparse) set = (1 << (set & 0xff)) | (1 << (seed & 0xff));
        uint256 size = _count(set);
        if (size == 0) return;
        uint256 rank = seed % size;
        uint256 slot = SampleDraw.slotAt(set, rank);
        assert((set >> slot) & 1 == 1);
        assert(_count(set & ((1 << slot) - 1)) == rank);
    }

    /// SAMPLE-3: a sample names a slot of the node and a unit of the committee, whatever its number.
    function testFuzz_samplesStayInside(
        bytes32 seed,
        uint256 number,
        uint256 liable,
        uint64 units
    ) public pure {
        if (liable == 0 || units == 0) return;
        SampleDraw.Sample memory sample = SampleDraw.sampleAt(seed, number, liable, units);
        assert((liable >> sample.slot) & 1 == 1);
        assert(sample.unit < units);
    }

    /// SAMPLE-4: two different samples are opened, the lower one first.
    function testFuzz_pairsDiffer(bytes32 seed, bytes32 seedB) public pure {
        (uint256 a, uint256 b) = SampleDraw.pair(seed, seedB);
        assert(a < b && b < SampleDraw.SAMPLES);
    }

    /// SAMPLE-5: the row that a sample names belongs to the slot that it names.
    function testFuzz_rowsBelongToTheirSlot(
        uint8 slot,
        uint8 offset,
        uint8 logRows,
        uint256 inStrip
    ) public pure {
        uint256 rows = 1 << (8 + (uint256(logRows) % 9));
        uint256 perStrip = rows / 256;
        uint256 row = SampleDraw.rowAt(slot, offset, inStrip % perStrip, perStrip);
        assert(row < rows);
        assert(((256 * row) / rows + offset) % 256 == slot);
    }

    function _count(uint256 set) private pure returns (uint256 size) {
        for (; set != 0; set &= set - 1) ++size;
    }
}
