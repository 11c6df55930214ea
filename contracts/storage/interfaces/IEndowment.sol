// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Holds what was paid for storage and releases it, epoch by epoch, to proven byte-time.
/// @dev A unit is 64 bytes of rows for each of 256 slots: 16 KiB of coded bytes, 65,536 of them a GiB. Epochs are those of
/// Parameters.
///
/// Permanent units pay into a pool P over U units. When an epoch opens, P * rate * epochLength / (10,000 * 365 days) leaves it
/// (rate: parameter "storage.releaseRate", bps a year), so that the pool falls exponentially and never runs dry. New permanent
/// units pay at least P / U each, rounded up, after the treasury's share: a deposit never lowers P / U, so nobody is diluted.
///
/// Leased units are paid out evenly over the epochs of their term; what doesn't divide goes to the surplus.
///
/// The surplus S is money that no unit's price must match: donations, leases of epochs that nobody opened or proved, rests of
/// divisions. It is released like the pool, and kept apart from it because a price that followed it could be driven up by
/// whoever gives a little.
///
/// The budget of an epoch is the leases running in it plus what P and S release. A proven weight w of W gets
/// floor(budget * w / W); what nobody has proven goes back at `close`, the pool's part to the pool, the rest to the surplus.
interface IEndowment {
    /// @notice Thrown when the caller is not the module that may do this.
    error Endowment_OnlyModule(address caller, address module);
    error Endowment_ZeroUnits();
    /// @notice Thrown when less than `amount` wei have arrived beyond what is held for others.
    error Endowment_Unfunded(uint256 amount, uint256 arrived);
    /// @notice Thrown when permanent units would pay less than the others hold.
    error Endowment_Dilutes(uint256 units, uint256 amount);
    /// @notice Thrown for a lease of no epochs, or of epochs that are opened or passed over already.
    error Endowment_InvalidTerm(uint256 firstEpoch, uint256 lastEpoch, uint256 nextEpoch);
    /// @notice Thrown when an epoch is opened before it began, a second time, or after a later one.
    error Endowment_CannotOpen(uint256 epoch, uint256 nextEpoch, uint256 currentEpoch);
    /// @notice Thrown when too many epochs lie before `epoch` to pass over in one transaction: call `roll` first.
    error Endowment_TooFarBehind(uint256 epoch, uint256 nextEpoch);
    /// @notice Thrown when an epoch is not open: never opened, or closed.
    error Endowment_NotOpen(uint256 epoch);
    /// @notice Thrown when the weights paid for exceed the total that was named for them.
    error Endowment_OverBudget(uint256 epoch, uint256 amount, uint256 left);

    /// @param amount wei kept here; `toTreasury` more were sent on
    event PermanentPaid(uint256 units, uint256 amount, uint256 toTreasury);
    /// @param ratePerEpoch wei paid out in each epoch from `firstEpoch` to `lastEpoch`
    event LeasePaid(
        uint256 units,
        uint256 firstEpoch,
        uint256 lastEpoch,
        uint256 ratePerEpoch,
        uint256 amount,
        uint256 toTreasury
    );
    event SurplusAdded(uint256 amount);
    /// @dev `nextEpoch` may be opened next; `unproven` wei of leases ran in epochs that nobody opened.
    event EpochsPassed(uint256 nextEpoch, uint256 unproven);
    event EpochOpened(uint256 indexed epoch, uint256 leases, uint256 fromPool, uint256 fromSurplus);
    event StorageRewarded(uint256 indexed epoch, address indexed operator, uint256 weight, uint256 amount);
    event EpochClosed(uint256 indexed epoch, uint256 toPool, uint256 toSurplus);
    event RewardCollected(address indexed operator, address indexed to, uint256 amount);

    /// @notice Takes a fee that was transferred here before: the treasury gets "storage.treasuryBps" of it, rounded down, the
    /// rest is for storage. Only the log calls.
    /// @param units that were paid for
    /// @param firstEpoch of a lease; ignored for permanent units
    /// @param lastEpoch of a lease; zero when the units are permanent
    /// @param amount wei transferred
    function deposit(uint256 units, uint256 firstEpoch, uint256 lastEpoch, uint256 amount) external;
    /// @notice Adds to the surplus whatever was transferred here and isn't held for anybody. Anyone may call.
    function endow() external returns (uint256 amount);

    /// @notice Opens an epoch that has begun, and says its budget. Only the audits call; epochs rise. Epochs left out release
    /// nothing; what leases would have paid in them goes to the surplus.
    function open(uint256 epoch) external returns (uint256 budget);
    /// @notice Credits `operator` with its part of an open epoch's budget, rounded down. Only the audits call, with the same
    /// total for all of an epoch.
    function pay(
        uint256 epoch,
        address operator,
        uint256 weight,
        uint256 totalWeight
    ) external returns (uint256 amount);
    /// @notice Ends an epoch: what nobody has proven goes back. Only the audits call.
    function close(uint256 epoch) external returns (uint256 returned);
    /// @notice Passes over epochs that are over and that nobody opened, at most `maxEpochs` of them. Anyone may call; needed only
    /// after more of them than `open` passes over by itself.
    /// @dev An epoch counts as over for this when a whole further one has passed, so the audits can't be robbed of theirs.
    function roll(uint256 maxEpochs) external;
    /// @notice Pays out what the caller has earned; zero when that is nothing.
    function collect(address to) external returns (uint256 amount);

    /// @notice Fee of permanent units now, wei: parameter "storage.permanentPricePerGiB", or P / U and the treasury's share of
    /// it if that is more, rounded up.
    function permanentUp(uint256 units) external view returns (uint256 fee);
    /// @notice Wei of an open epoch that nobody has been paid yet; zero once it is closed.
    function leftOf(uint256 epoch) external view returns (uint256);
    /// @notice Whole budget of an epoch that was opened, wei.
    function budgetOf(uint256 epoch) external view returns (uint256);
    /// @notice P, wei.
    function pool() external view returns (uint256);
    /// @notice U, units. Only grows.
    function permanentUnits() external view returns (uint256);
    /// @notice S, wei.
    function surplus() external view returns (uint256);
    /// @notice Wei of leases not paid out yet.
    function leased() external view returns (uint256);
    /// @notice Wei that the leases running in epoch `nextEpoch` - 1 paid out in it.
    function leaseRate() external view returns (uint256);
    /// @notice First epoch that was neither opened nor passed over.
    function nextEpoch() external view returns (uint256);
    /// @notice Reward waiting for `collect`, wei.
    function owed(address operator) external view returns (uint256);
    /// @notice Everything held for others, wei: pool, surplus, leases, open budgets and rewards. The balance is never below it.
    function totalHeld() external view returns (uint256);
}
