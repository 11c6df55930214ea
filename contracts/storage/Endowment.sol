// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {IEndowment} from "./interfaces/IEndowment.sol";

/// @title Endowment
/// @notice What was paid for storage, and its way to whoever proves to store.
contract Endowment is IEndowment, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for int256;
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant BPS = 10_000;
    uint256 private constant YEAR = 365 days;
    uint256 private constant UNITS_PER_GIB = 2 ** 16;
    /// @dev Epochs that `open` passes over by itself: a slot read and perhaps cleared each.
    uint256 private constant MAX_PASSED = 256;
    bytes32 private constant PERMANENT_PRICE = "storage.permanentPricePerGiB";
    bytes32 private constant RELEASE_RATE = "storage.releaseRate";
    bytes32 private constant TREASURY_SHARE = "storage.treasuryBps";

    IERC20 public immutable token;
    IParameters public immutable parameters;
    address public immutable treasury;
    /// @notice Module that collects fees.
    address public immutable log;
    /// @notice Module that says who has proven what.
    address public immutable audits;
    uint256 private immutable EPOCH_LENGTH;

    /* STORAGE */

    /// @param total whole budget, wei
    /// @param fromPool its part that the pool released, wei
    /// @param left not paid to anybody, wei
    struct Budget {
        uint128 total;
        uint128 fromPool;
        uint128 left;
        bool isOpen;
    }

    /// @inheritdoc IEndowment
    uint256 public totalHeld;
    /// @inheritdoc IEndowment
    uint256 public pool;
    /// @inheritdoc IEndowment
    uint256 public permanentUnits;
    /// @inheritdoc IEndowment
    uint256 public surplus;
    /// @inheritdoc IEndowment
    uint256 public leased;
    /// @inheritdoc IEndowment
    uint256 public leaseRate;
    /// @inheritdoc IEndowment
    uint256 public nextEpoch;
    /// @inheritdoc IEndowment
    mapping(address operator => uint256) public owed;
    /// @dev By how much the rate of an epoch differs from that of the epoch before, wei.
    mapping(uint256 epoch => int256) private _rateChanges;
    mapping(uint256 epoch => Budget) private _budgets;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 in which fees are paid and rewards are collected
    /// @param feeReceiver the Treasury
    constructor(
        IERC20 settlementToken,
        IParameters parameters_,
        address feeReceiver,
        address log_,
        address audits_
    ) {
        token = settlementToken;
        parameters = parameters_;
        treasury = feeReceiver;
        log = log_;
        audits = audits_;
        EPOCH_LENGTH = parameters_.epochLength();
        nextEpoch = _currentEpoch();
    }

    /* MODIFIERS */

    modifier only(address module) {
        require(msg.sender == module, Endowment_OnlyModule(msg.sender, module));
        _;
    }

    /* FEES */

    /// @inheritdoc IEndowment
    function deposit(
        uint256 units,
        uint256 firstEpoch,
        uint256 lastEpoch,
        uint256 amount
    ) external nonReentrant only(log) {
        require(units != 0, Endowment_ZeroUnits());
        uint256 arrived = token.balanceOf(address(this)) - totalHeld;
        require(amount <= arrived, Endowment_Unfunded(amount, arrived));
        uint256 toTreasury = Math.mulDiv(amount, parameters.get(TREASURY_SHARE), BPS);
        uint256 kept = amount - toTreasury;

        totalHeld += kept;
        if (lastEpoch == 0) {
            _payPermanent(units, kept);
            emit PermanentPaid(units, kept, toTreasury);
        } else {
            uint256 rateDown = _payLease(firstEpoch, lastEpoch, kept);
            emit LeasePaid(units, firstEpoch, lastEpoch, rateDown, kept, toTreasury);
        }

        if (toTreasury != 0) token.safeTransfer(treasury, toTreasury);
    }

    function _payPermanent(uint256 units, uint256 amount) private {
        require(amount * permanentUnits >= pool * units, Endowment_Dilutes(units, amount));

        pool += amount;
        permanentUnits += units;
    }

    function _payLease(
        uint256 firstEpoch,
        uint256 lastEpoch,
        uint256 amount
    ) private returns (uint256 rateDown) {
        require(
            firstEpoch >= nextEpoch && lastEpoch >= firstEpoch,
            Endowment_InvalidTerm(firstEpoch, lastEpoch, nextEpoch)
        );
        uint256 epochs = lastEpoch - firstEpoch + 1;
        rateDown = amount / epochs;
        uint256 divided = rateDown * epochs;

        leased += divided;
        surplus += amount - divided;
        _rateChanges[firstEpoch] += rateDown.toInt256();
        _rateChanges[lastEpoch + 1] -= rateDown.toInt256();
    }

    /// @inheritdoc IEndowment
    function endow() external nonReentrant returns (uint256 amount) {
        amount = token.balanceOf(address(this)) - totalHeld;
        if (amount == 0) return 0;

        totalHeld += amount;
        surplus += amount;
        emit SurplusAdded(amount);
    }

    /* EPOCHS */

    /// @inheritdoc IEndowment
    function open(uint256 epoch) external nonReentrant only(audits) returns (uint256 budget) {
        uint256 next = nextEpoch;
        require(
            epoch >= next && epoch <= _currentEpoch(),
            Endowment_CannotOpen(epoch, next, _currentEpoch())
        );
        require(epoch - next <= MAX_PASSED, Endowment_TooFarBehind(epoch, next));

        _passUntil(epoch);
        uint256 leases = _enter(epoch);
        uint256 share = parameters.get(RELEASE_RATE) * EPOCH_LENGTH;
        uint256 fromPool = Math.mulDiv(pool, share, BPS * YEAR);
        uint256 fromSurplus = Math.mulDiv(surplus, share, BPS * YEAR);
        budget = leases + fromPool + fromSurplus;

        pool -= fromPool;
        surplus -= fromSurplus;
        nextEpoch = epoch + 1;
        _budgets[epoch] = Budget(budget.toUint128(), fromPool.toUint128(), budget.toUint128(), true);
        emit EpochOpened(epoch, leases, fromPool, fromSurplus);
    }

    /// @inheritdoc IEndowment
    function roll(uint256 maxEpochs) external nonReentrant {
        uint256 next = nextEpoch;
        // The epoch before the current one is left to the audits, which may be late.
        uint256 until = Math.min(
            Math.saturatingSub(_currentEpoch(), 1),
            next + Math.min(maxEpochs, MAX_PASSED)
        );
        if (until > next) _passUntil(until);
    }

    /// @dev What leases would have paid in epochs before `epoch` becomes surplus.
    function _passUntil(uint256 epoch) private {
        uint256 unproven = 0;
        uint256 first = nextEpoch;
        for (uint256 passed = first; passed < epoch; ++passed) unproven += _enter(passed);
        if (first == epoch) return;

        surplus += unproven;
        nextEpoch = epoch;
        emit EpochsPassed(epoch, unproven);
    }

    /// @dev Takes what leases pay in `epoch` out of `leased`; called once for each epoch, in order.
    function _enter(uint256 epoch) private returns (uint256 leases) {
        int256 change = _rateChanges[epoch];
        leases = leaseRate;
        if (change != 0) {
            leases = (leases.toInt256() + change).toUint256();
            leaseRate = leases;
            delete _rateChanges[epoch];
        }
        if (leases != 0) leased -= leases;
    }

    /// @inheritdoc IEndowment
    function pay(
        uint256 epoch,
        address operator,
        uint256 weight,
        uint256 totalWeight
    ) external nonReentrant only(audits) returns (uint256 amount) {
        Budget storage budget = _openBudget(epoch);
        if (weight == 0) return 0;
        amount = Math.mulDiv(budget.total, weight, totalWeight);
        uint256 left = budget.left;
        require(amount <= left, Endowment_OverBudget(epoch, amount, left));

        // At most `left`, which has 128 bits.
        budget.left = uint128(left - amount);
        owed[operator] += amount;
        emit StorageRewarded(epoch, operator, weight, amount);
    }

    /// @inheritdoc IEndowment
    function close(uint256 epoch) external nonReentrant only(audits) returns (uint256 returned) {
        Budget storage budget = _openBudget(epoch);
        returned = budget.left;
        uint256 toPoolUp =
            returned == 0 ? 0 : Math.mulDiv(returned, budget.fromPool, budget.total, Math.Rounding.Ceil);

        budget.left = 0;
        budget.isOpen = false;
        pool += toPoolUp;
        surplus += returned - toPoolUp;
        emit EpochClosed(epoch, toPoolUp, returned - toPoolUp);
    }

    /* REWARDS */

    /// @inheritdoc IEndowment
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;

        owed[msg.sender] = 0;
        totalHeld -= amount;
        emit RewardCollected(msg.sender, to, amount);

        token.safeTransfer(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IEndowment
    function permanentUp(uint256 units) external view returns (uint256 fee) {
        fee = Math.mulDiv(units, parameters.get(PERMANENT_PRICE), UNITS_PER_GIB, Math.Rounding.Ceil);
        uint256 others = permanentUnits;
        if (others == 0) return fee;
        uint256 keptUp = Math.mulDiv(units, pool, others, Math.Rounding.Ceil);
        uint256 keptShare = BPS - parameters.get(TREASURY_SHARE);
        return Math.max(fee, Math.mulDiv(keptUp, BPS, keptShare, Math.Rounding.Ceil));
    }

    /// @inheritdoc IEndowment
    function leftOf(uint256 epoch) external view returns (uint256) {
        return _budgets[epoch].left;
    }

    /// @inheritdoc IEndowment
    function budgetOf(uint256 epoch) external view returns (uint256) {
        return _budgets[epoch].total;
    }

    function _openBudget(uint256 epoch) private view returns (Budget storage budget) {
        budget = _budgets[epoch];
        require(budget.isOpen, Endowment_NotOpen(epoch));
    }

    function _currentEpoch() private view returns (uint256) {
        return block.timestamp / EPOCH_LENGTH;
    }
}
