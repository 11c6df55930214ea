// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An operator bonds once and allocates parts of the bond to modules; only a module may slash its part.
/// @dev A module is any contract that an operator chose to allocate to: allocating is the operator's consent to be slashed
/// by it. What leaves stays slashable until `unbondDelay` has passed, which is longer than every dispute window.
/// Bonded tokens vote where their owner's tokens vote (see `syncDelegation`).
interface IBonds {
    /// @param operator whose part is cut
    /// @param amount wei asked for; cut to what is slashable
    /// @param victim paid first, up to `victimAmount`
    /// @param reporters share `reporterAmount` equally; always less than the whole slash
    /// @param evidence hash or id by which the module's own events explain the slash
    struct Slash {
        address operator;
        uint256 amount;
        address victim;
        uint256 victimAmount;
        address[] reporters;
        uint256 reporterAmount;
        bytes32 evidence;
    }

    error Bonds_ZeroAmount();
    error Bonds_InsufficientFree(address operator, uint256 free, uint256 wanted);
    error Bonds_InsufficientAllocation(address operator, address module, uint256 allocated, uint256 wanted);
    error Bonds_StillUnbonding(address operator, address module, uint256 until);
    error Bonds_NothingUnbonding(address operator, address module);
    error Bonds_TooManyReporters(uint256 count, uint256 max);

    event BondDeposited(address indexed operator, address indexed payer, uint256 amount);
    event BondWithdrawn(address indexed operator, address indexed to, uint256 amount);
    event BondAllocated(address indexed operator, address indexed module, uint256 amount);
    event BondUnbonding(
        address indexed operator,
        address indexed module,
        uint256 amount,
        uint256 releasableAt
    );
    event BondReleased(address indexed operator, address indexed module, uint256 amount);
    /// @dev `toVictim + toReporters + toTreasury` is exactly what was cut.
    event BondSlashed(
        address indexed operator,
        address indexed module,
        bytes32 indexed evidence,
        uint256 toVictim,
        uint256 toReporters,
        uint256 toTreasury
    );
    event OwedCollected(address indexed account, address indexed to, uint256 amount);

    /// @notice Bonds `amount` wei for `operator`, taken from the caller's allowance.
    function deposit(address operator, uint256 amount) external;
    /// @notice Takes free (unallocated) bond out. Caller is the operator.
    function withdraw(uint256 amount, address to) external;
    /// @notice Puts free bond at stake in `module`. Caller is the operator.
    function allocate(address module, uint256 amount) external;
    /// @notice Starts taking `amount` out of `module`; a second call restarts the delay for the whole.
    function unbond(address module, uint256 amount) external;
    /// @notice Makes free what has finished unbonding from `module`. Anyone may turn this crank for `operator`.
    function release(address operator, address module) external;
    /// @notice Cuts the part of an operator allocated to the calling module. Order: victim, reporters, treasury.
    /// @return cut wei really cut: the least of what was asked and what is slashable
    function slash(Slash calldata order) external returns (uint256 cut);
    /// @notice Pays out what slashes have credited to the caller.
    function collect(address to) external returns (uint256 amount);
    /// @notice Points `owner`'s bonded votes at the delegate that `owner` has chosen on the token. Anyone may call.
    function syncDelegation(address owner) external;

    /// @notice Bond of `operator` that no module may slash, wei.
    function free(address operator) external view returns (uint256);
    /// @notice Bond that counts for new business in `module`, wei.
    function allocated(address operator, address module) external view returns (uint256);
    /// @notice Allocated plus unbonding: what `module` can still slash, wei.
    function slashable(address operator, address module) external view returns (uint256);
    /// @notice Amount on its way out of `module` and when it may be released (timestamp, seconds).
    function unbonding(
        address operator,
        address module
    ) external view returns (uint256 amount, uint256 releasableAt);
    /// @notice Credit from slashes waiting for `collect`, wei.
    function owed(address account) external view returns (uint256);
    /// @notice Sum of everything held for others, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
    /// @notice Seconds between `unbond` and `release`.
    function unbondDelay() external view returns (uint256);
    /// @notice The ERC-20 in which bonds are kept.
    function token() external view returns (address);
}
