// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SampleDraw} from "../../../contracts/storage/libraries/SampleDraw.sol";

/// @notice The arithmetic of samples against what it means, for whatever input.
contract SampleDrawTest {
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
        SampleDraw.Sample memory sample;
        SampleDraw.draw(sample, seed, number, liable, units);
        assert((liable >> sample.slot) & 1 == 1);
        assert(sample.unit < units);
    }

    /// SAMPLE-4: two neighbours are opened, the first of an even number.
    function testFuzz_pairsAreNeighbours(bytes32 seed, bytes32 seedB) public pure {
        uint256 even = SampleDraw.pair(seed, seedB);
        assert(even % 2 == 0 && even + 1 < SampleDraw.SAMPLES);
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
