// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {IBonds} from "./interfaces/IBonds.sol";

/// @title BondedVotes
/// @notice The votes that bonds carry, cast by the delegate whom their owner has chosen on the token.
abstract contract BondedVotes is IBonds, Votes {
    /* IMMUTABLES */

    /// @inheritdoc IBonds
    address public immutable token;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 of every bond; its votes are followed if it has any
    constructor(address settlementToken) {
        require(settlementToken != address(0), Bonds_ZeroAddress());
        token = settlementToken;
    }

    /* DELEGATION */

    /// @inheritdoc IBonds
    function syncDelegation(address owner) external {
        _followToken(owner);
    }

    /// @notice Disabled: bonded tokens vote where their owner's tokens vote.
    function delegate(address) public view override {
        revert Bonds_DelegateOnToken(token);
    }

    /// @notice Disabled: bonded tokens vote where their owner's tokens vote.
    function delegateBySig(address, uint256, uint256, uint8, bytes32, bytes32) public view override {
        revert Bonds_DelegateOnToken(token);
    }

    function _followToken(address owner) internal {
        address chosen = _delegateOnToken(owner);
        if (chosen != delegates(owner)) _delegate(owner, chosen);
    }

    /// @dev A settlement token without votes leaves its bonds without votes.
    function _delegateOnToken(address owner) private view returns (address) {
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeCall(IVotes.delegates, (owner)));
        if (!ok || answer.length != 32) return address(0);
        // Truncated rather than decoded: a token that answers garbage must not stop a deposit.
        return address(uint160(uint256(bytes32(answer))));
    }

    /* VIEWS */

    /// @notice Timestamp of the block, seconds (ERC-6372).
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice The clock counts timestamps (ERC-6372).
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }
}
