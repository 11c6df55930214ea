// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ILedger} from "./interfaces/ILedger.sol";

/// @title Ledger
/// @notice See {ILedger}.
contract Ledger is ILedger, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* IMMUTABLES */

    IERC20 private immutable TOKEN;

    /* STORAGE */

    /// @inheritdoc ILedger
    uint256 public totalHeld;
    /// @inheritdoc ILedger
    mapping(address account => uint256) public balanceOf;
    /// @inheritdoc ILedger
    mapping(address module => mapping(address account => uint256)) public lockedOf;
    /// @inheritdoc ILedger
    mapping(address account => mapping(address module => bool)) public isAuthorised;

    /* CONSTRUCTOR */

    constructor(IERC20 token_) {
        TOKEN = token_;
    }

    /* ACCOUNTS */

    /// @inheritdoc ILedger
    /// @dev Takes the money first, so that a token that keeps a fee is credited with what arrived.
    function deposit(address account, uint256 amount) external nonReentrant {
        require(account != address(0), Ledger_ZeroAddress());
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        require(received != 0, Ledger_ZeroAmount());

        balanceOf[account] += received;
        totalHeld += received;
        emit Deposited(account, msg.sender, received);
    }

    /// @inheritdoc ILedger
    function withdraw(uint256 amount, address to) external nonReentrant {
        require(amount != 0, Ledger_ZeroAmount());
        require(to != address(0), Ledger_ZeroAddress());

        _debit(msg.sender, amount);
        totalHeld -= amount;
        emit Withdrawn(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc ILedger
    function authorise(address module, bool authorised) external {
        isAuthorised[msg.sender][module] = authorised;
        emit ModuleAuthorised(msg.sender, module, authorised);
    }

    /* MODULES */

    /// @inheritdoc ILedger
    function lock(address account, uint256 amount) external nonReentrant {
        require(amount != 0, Ledger_ZeroAmount());
        require(isAuthorised[account][msg.sender], Ledger_NotAuthorised(account, msg.sender));

        _debit(account, amount);
        lockedOf[msg.sender][account] += amount;
        emit Locked(msg.sender, account, amount);
    }

    /// @inheritdoc ILedger
    function unlock(address account, uint256 amount) external nonReentrant {
        _takeLocked(account, amount);
        balanceOf[account] += amount;
        emit Unlocked(msg.sender, account, amount);
    }

    /// @inheritdoc ILedger
    function pay(address from, address to, uint256 amount) external nonReentrant {
        require(to != address(0), Ledger_ZeroAddress());

        _takeLocked(from, amount);
        balanceOf[to] += amount;
        emit Paid(msg.sender, from, to, amount);
    }

    /// @inheritdoc ILedger
    function payOut(address from, address to, uint256 amount) external nonReentrant {
        require(to != address(0), Ledger_ZeroAddress());

        _takeLocked(from, amount);
        totalHeld -= amount;
        emit PaidOut(msg.sender, from, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    function _debit(address account, uint256 amount) private {
        uint256 balance = balanceOf[account];
        require(balance >= amount, Ledger_InsufficientBalance(account, balance, amount));
        balanceOf[account] = balance - amount;
    }

    function _takeLocked(address account, uint256 amount) private {
        require(amount != 0, Ledger_ZeroAmount());
        uint256 locked = lockedOf[msg.sender][account];
        require(locked >= amount, Ledger_InsufficientLock(msg.sender, account, locked, amount));
        lockedOf[msg.sender][account] = locked - amount;
    }

    /* VIEWS */

    /// @inheritdoc ILedger
    function token() external view returns (address) {
        return address(TOKEN);
    }
}
