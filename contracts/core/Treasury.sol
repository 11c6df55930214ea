// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";

/// @title Treasury
/// @notice The DAO's purse.
contract Treasury is ITreasury, AccessManaged {
    using SafeERC20 for IERC20;

    /* CONSTRUCTOR */

    /// @param authority the AccessManager of the deployment
    constructor(address authority) AccessManaged(authority) {}

    /* RELEASE */

    /// @inheritdoc ITreasury
    function release(address token, address to, uint256 amount) external restricted {
        require(to != address(0), Treasury_ZeroReceiver());

        emit TreasuryReleased(token, to, amount);

        IERC20(token).safeTransfer(to, amount);
    }
}
