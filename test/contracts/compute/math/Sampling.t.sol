// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Sampling} from "../../../../contracts/compute/libraries/Sampling.sol";

contract SamplingTest {
    function testFuzz_AUDIT2_drawsAreDistinctAndInRange(
        bytes32 seed,
        uint8 round,
        uint32 first,
        uint64 count,
        uint8 sample
    ) external pure {
        count = (count % (1 << 40)) + 1;
        uint256 size = sample % 65;
        if (size > count) size = count;
        uint64[] memory indices = Sampling.draw(seed, round, first, count, size);
        require(indices.length == size, "as many as asked for");
        for (uint256 i = 0; i < size; ++i) {
            require(indices[i] >= first && indices[i] < uint64(first) + count, "out of the claim's range");
            for (uint256 j = 0; j < i; ++j) require(indices[i] != indices[j], "drawn twice");
        }
    }

    function testFuzz_AUDIT2_aFullSampleIsEveryReceipt(bytes32 seed, uint8 size) external pure {
        uint64 count = uint64(size % 64) + 1;
        uint64[] memory indices = Sampling.draw(seed, 0, 7, count, count);
        uint256 seen;
        for (uint256 i = 0; i < count; ++i) seen |= 1 << (indices[i] - 7);
        require(seen == (1 << count) - 1, "a receipt is missing");
    }

    function testFuzz_AUDIT2_roundsAndSeedsDrawDifferently(bytes32 seed, uint8 round) external pure {
        bytes32 one = keccak256(abi.encode(Sampling.draw(seed, round, 0, 1 << 40, 8)));
        bytes32 later = keccak256(abi.encode(Sampling.draw(seed, round ^ 1, 0, 1 << 40, 8)));
        bytes32 other = keccak256(abi.encode(Sampling.draw(~seed, round, 0, 1 << 40, 8)));
        require(one != later && one != other, "a draw must depend on seed and round");
    }

    /// @dev Every receipt of ten must come up about equally often: 4,000 draws of three give 1,200 each.
    function test_AUDIT2_noReceiptIsFavoured() external pure {
        uint256[10] memory hits;
        for (uint256 i = 0; i < 4_000; ++i) {
            uint64[] memory indices = Sampling.draw(bytes32(i), 0, 0, 10, 3);
            for (uint256 j = 0; j < 3; ++j) ++hits[indices[j]];
        }
        // Five standard deviations (29 each) wide.
        for (uint256 i = 0; i < 10; ++i) require(hits[i] > 1_055 && hits[i] < 1_345, "a draw is skewed");
    }
}
