// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One prepaid balance for everything a user buys and a provider earns.
/// @dev A module may lock an account's money only after that account has authorised it; nobody, the DAO included, can move
/// the money of an account that has not. There is no admin.
interface ILedger {
    error Ledger_ZeroAmount();
    error Ledger_ZeroAddress();
    error Ledger_InsufficientBalance(address account, uint256 balance, uint256 wanted);
    error Ledger_NotAuthorised(address account, address module);
    error Ledger_InsufficientLock(address module, address account, uint256 locked, uint256 wanted);

    event Deposited(address indexed account, address indexed payer, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event ModuleAuthorised(address indexed account, address indexed module, bool authorised);
    event Locked(address indexed module, address indexed account, uint256 amount);
    event Unlocked(address indexed module, address indexed account, uint256 amount);
    event Paid(address indexed module, address indexed from, address indexed to, uint256 amount);
    event PaidOut(address indexed module, address indexed from, address indexed to, uint256 amount);

    /// @notice Prepays `amount` wei for `account`, taken from the caller's allowance. Credits what really arrives.
    function deposit(address account, uint256 amount) external;
    /// @notice Takes unlocked balance out.
    function withdraw(uint256 amount, address to) external;
    /// @notice Lets `module` lock the caller's balance from now on, or no longer. Existing locks are untouched.
    function authorise(address module, bool authorised) external;

    /// @notice Locks balance of an account that has authorised the calling module.
    function lock(address account, uint256 amount) external;
    /// @notice Gives back what the calling module holds locked of `account`.
    function unlock(address account, uint256 amount) external;
    /// @notice Pays `to`'s balance out of what the calling module holds locked of `from`.
    function pay(address from, address to, uint256 amount) external;
    /// @notice Sends tokens to `to` out of what the calling module holds locked of `from`: for receivers without a ledger
    /// balance, such as the treasury.
    function payOut(address from, address to, uint256 amount) external;

    function balanceOf(address account) external view returns (uint256);
    function lockedOf(address module, address account) external view returns (uint256);
    function isAuthorised(address account, address module) external view returns (bool);
    /// @notice Sum of all balances and locks, wei; the token balance is never below it.
    function totalHeld() external view returns (uint256);
    function token() external view returns (address);
}
