// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Sampling
/// @notice Which receipts a seed draws.
library Sampling {
    /// @notice `sample` distinct indices out of [first, first + count), every subset equally likely.
    /// @dev Floyd's method: one hash a draw, nothing is rejected. The bias of the remainder is below 2^-192.
    /// @param sample at most `count`
    function draw(
        bytes32 seed,
        uint8 round,
        uint64 first,
        uint64 count,
        uint256 sample
    ) internal pure returns (uint64[] memory indices) {
        indices = new uint64[](sample);
        for (uint256 i = 0; i < sample; ++i) {
            uint256 top = count - sample + i;
            bytes32 entropy = keccak256(abi.encode(seed, "receipts", round, i));
            uint64 index = first + uint64(uint256(entropy) % (top + 1));
            indices[i] = _has(indices, i, index) ? first + uint64(top) : index;
        }
    }

    function _has(uint64[] memory indices, uint256 length, uint64 wanted) private pure returns (bool) {
        for (uint256 i = 0; i < length; ++i) {
            if (indices[i] == wanted) return true;
        }
        return false;
    }
}
