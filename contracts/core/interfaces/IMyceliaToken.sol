// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @notice MYC: capped, with permit (ERC-2612), transfers by signed authorisation (ERC-3009) and votes on a timestamp clock.
/// @dev One contract may mint, for ever, and nobody may burn, pause or freeze. The overloads that take `bytes signature`
/// admit smart accounts (ERC-1271) beside keys; those with (v, r, s) are the standard's own and are for keys only.
/// Authorisations use random 32-byte nonces, valid strictly between `validAfter` and `validBefore` (timestamps, seconds).
/// Warning: anyone may submit a transferWithAuthorization. A contract that must act on the payment itself has to take it
/// by receiveWithAuthorization, which only the payee may submit.
interface IMyceliaToken is IERC20Metadata, IERC20Permit, IERC5805, IERC3009, IERC3009Cancel {
    /// @notice Thrown when anyone but the minter mints.
    error MyceliaToken_OnlyMinter(address caller, address minter);
    /// @notice Thrown when a mint would lift the supply over the cap, both in wei.
    error MyceliaToken_OverCap(uint256 supply, uint256 cap);
    /// @notice Thrown when the token is made without a minter, since nothing could ever be minted.
    error MyceliaToken_ZeroMinter();

    /// @notice Mints `amount` wei to `to`. Caller is the minter.
    function mint(address to, uint256 amount) external;

    /// @notice As the overload with (v, r, s); `signature` may also be what an ERC-1271 account accepts.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As the overload with (v, r, s); `signature` may also be what an ERC-1271 account accepts.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As the overload with (v, r, s); `signature` may also be what an ERC-1271 account accepts.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;

    /// @notice The only account that may mint: the Emission contract.
    function minter() external view returns (address);
    /// @notice Largest supply there will ever be, wei.
    function cap() external view returns (uint256);
}
