// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where fees and what is left of slashes go; the DAO alone spends it.
/// @dev Money comes in by plain ERC-20 transfers of any token. Nothing here is owed to anyone, so nothing is counted.
interface ITreasury {
    /// @notice Thrown when a release names no receiver.
    error Treasury_ZeroReceiver();

    event TreasuryReleased(address indexed token, address indexed to, uint256 amount);

    /// @notice Sends `amount` wei of `token` to `to`. DAO only.
    function release(address token, address to, uint256 amount) external;
}
