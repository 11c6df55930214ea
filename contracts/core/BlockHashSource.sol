// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRandomnessSource} from "./interfaces/IRandomnessSource.sol";

/// @title BlockHashSource
/// @notice Entropy out of block hashes: the last 256 blocks everywhere, the last 8,191 where EIP-2935 answers.
/// @dev The proposer of the target block can throw away a block whose hash he dislikes, at the price of that block: for
/// stakes above such a price, and on a chain with one sequencer, use another source.
contract BlockHashSource is IRandomnessSource {
    /* CONSTANTS */

    /// @dev EIP-2935: 32 bytes of block number in, 32 bytes of hash out, or revert.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// @dev Many times what the history contract takes, so that its silence never comes from a caller's gas limit.
    uint256 private constant HISTORY_GAS = 100_000;

    /// @notice Thrown when so little gas is left that a living history contract could look dead.
    error BlockHashSource_TooLittleGas(uint256 left, uint256 needed);

    /* VIEWS */

    /// @inheritdoc IRandomnessSource
    /// @dev The hash of the block being built depends on what is in it, so its builder could fit the request to the hash.
    /// The next block's parent holds the request already: from here on its hash can be thrown away but not chosen.
    function nextTarget() external view returns (uint64 target) {
        return uint64(block.number + 1);
    }

    /// @inheritdoc IRandomnessSource
    function entropyAt(uint64 target) external view returns (Availability availability, bytes32 entropy) {
        if (target >= block.number) return (Availability.Future, 0);

        entropy = blockhash(target);
        if (entropy == 0) entropy = _fromHistory(target);
        return (entropy == 0 ? Availability.Lost : Availability.Known, entropy);
    }

    /// @return hash zero when the chain has no history contract or the block is too old for it
    function _fromHistory(uint64 target) private view returns (bytes32 hash) {
        uint256 left = gasleft();
        require(left > 2 * HISTORY_GAS, BlockHashSource_TooLittleGas(left, 2 * HISTORY_GAS));
        (bool ok, bytes memory answer) = HISTORY.staticcall{gas: HISTORY_GAS}(abi.encode(uint256(target)));
        if (ok && answer.length == 32) hash = bytes32(answer);
    }
}
