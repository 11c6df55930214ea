// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SampleDraw} from "../../../../contracts/storage/libraries/SampleDraw.sol";
import {CommitteeId} from "../../../../contracts/storage/types/StorageTypes.sol";

/// @notice Lets tests call the library from outside.
contract SampleDrawProbe {
    using SampleDraw for SampleDraw.Sample;

    function nodeSeed(
        bytes32 seedA,
        CommitteeId committee,
        uint8 seat,
        address operator
    ) external pure returns (bytes32) {
        return SampleDraw.nodeSeed(seedA, committee, seat, operator);
    }

    function samples(
        bytes32 seed,
        uint256[] calldata numbers,
        uint256 liable,
        uint256 units
    ) external pure returns (SampleDraw.Sample[] memory drawn) {
        drawn = new SampleDraw.Sample[](numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            drawn[i].draw(seed, numbers[i], liable, units);
        }
    }

    /// @return drawn units of a sample, one after the other
    function unitsDrawn(
        bytes32 seed,
        uint256 number,
        uint256 liable,
        uint256 units
    ) external pure returns (uint256[] memory drawn) {
        drawn = new uint256[](SampleDraw.DRAWS);
        SampleDraw.Sample memory sample;
        SampleDraw.draw(sample, seed, number, liable, units);
        for (uint256 i = 0; i < SampleDraw.DRAWS; ++i) {
            drawn[i] = sample.unit;
            sample.redraw(units);
        }
    }

    function pair(bytes32 seed, bytes32 seedB) external pure returns (uint256) {
        return SampleDraw.pair(seed, seedB);
    }

    function sampleValue(bytes32 seed, uint256 number, bytes calldata row) external pure returns (bytes32) {
        return SampleDraw.valueOf(seed, number, row);
    }

    function rowAt(
        uint256 slot,
        uint256 offset,
        uint256 inStrip,
        uint256 perStrip
    ) external pure returns (uint256) {
        return SampleDraw.rowAt(slot, offset, inStrip, perStrip);
    }
}
