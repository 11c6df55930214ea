// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SampleDraw} from "../../../contracts/storage/libraries/SampleDraw.sol";

/// @notice The arithmetic of samples against what it means, for whatever input.
contract SampleDrawTest {
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
}
