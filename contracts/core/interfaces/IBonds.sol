// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An operator bonds once and allocates parts of the bond to modules; only a module may slash its part.
/// @dev A module is any contract that an operator chose to allocate to: allocating is the operator's consent to be slashed
/// by it. What leaves stays slashable until `unbondDelay` has passed, which is longer than every dispute window.
/// Bonded tokens (free, allocated or unbonding) vote where their owner's tokens vote: Bonds is a votes contract of its own
/// on a timestamp clock (ERC-6372), whose delegates follow the token's; see `syncDelegation`. A slash takes the votes too.
/// The token itself counts bonded tokens in its total supply; so does a governor that adds both sources up, once.
interface IBonds {
    /// @param operator whose part is cut
    /// @param amount wei asked for; cut to what is slashable
    /// @param victim paid first, up to `victimAmount`; zero address when nobody was harmed
    /// @param victimAmount wei that the victim gets if the cut reaches that far
    /// @param reporters share `reporterAmount` equally; what doesn't divide, and the share of a zero address, goes to treasury
    /// @param reporterAmount wei for all reporters together; together they always get less than the whole cut
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
    /// @notice Thrown when bonded votes are delegated here: delegate on the token, then call `syncDelegation`.
    error Bonds_DelegateOnToken(address token);
    /// @notice Thrown when an address that must be named is zero.
    error Bonds_ZeroAddress();

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

    /// @notice Bonds `amount` wei for `operator`, taken from the caller's allowance. Credits what really arrives.
    function deposit(address operator, uint256 amount) external;
    /// @notice As `deposit`, with an ERC-2612 permit of the caller for exactly `amount` wei.
    /// @dev The permit is left alone when the allowance suffices, as when somebody else has submitted it already.
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
    /// @notice Takes free (unallocated) bond out. Caller is the operator.
    function withdraw(uint256 amount, address to) external;
    /// @notice Puts free bond at stake in `module`. Caller is the operator.
    function allocate(address module, uint256 amount) external;
    /// @notice Starts taking `amount` out of `module`; a second call restarts the delay for the whole.
    function unbond(address module, uint256 amount) external;
    /// @notice Makes free what has finished unbonding from `module`. Anyone may turn this crank for `operator`.
    function release(address operator, address module) external;
    /// @notice Cuts the part of an operator allocated to the calling module. Order: victim, reporters, treasury.
    /// @dev Takes from the active allocation before what is unbonding. Victim and reporters are credited (see `collect`), so
    /// none of them can stop a slash; the treasury is paid at once. Does nothing and returns zero when nothing is slashable.
    /// @return cut wei really cut: the least of what was asked and what is slashable
    function slash(Slash calldata order) external returns (uint256 cut);
    /// @notice Pays out what slashes have credited to the caller; zero when that is nothing.
    function collect(address to) external returns (uint256 amount);
    /// @notice Points `owner`'s bonded votes at the delegate that `owner` has chosen on the token. Anyone may call.
    function syncDelegation(address owner) external;

    /// @notice Everything `operator` has here, wei: free, allocated and unbonding. These are its voting units.
    function bonded(address operator) external view returns (uint256);
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
    /// @notice Where the rest of every slash goes.
    function treasury() external view returns (address);
    /// @notice Most reporters that one slash may name.
    function maxReporters() external view returns (uint256);
}
