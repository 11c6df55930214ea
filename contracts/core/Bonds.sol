// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BondedVotes} from "./BondedVotes.sol";
import {IBonds} from "./interfaces/IBonds.sol";

/// @title Bonds
/// @notice Operators' bonds and the modules that may slash them.
contract Bonds is BondedVotes, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant MAX_REPORTERS = 32;

    /// @inheritdoc IBonds
    address public immutable treasury;
    /// @inheritdoc IBonds
    uint256 public immutable unbondDelay;

    /* STORAGE */

    /// @param bonded free, allocated and unbonding together, wei
    /// @param free wei at stake nowhere
    struct Account {
        uint128 bonded;
        uint128 free;
    }

    /// @param allocated wei at stake for new business
    /// @param unbonding wei on its way out, slashable still
    /// @param releasableAt timestamp, seconds; zero when nothing is unbonding
    struct Stake {
        uint128 allocated;
        uint128 unbonding;
        uint64 releasableAt;
    }

    /// @inheritdoc IBonds
    uint256 public totalHeld;
    /// @inheritdoc IBonds
    mapping(address account => uint256) public owed;
    mapping(address operator => Account) private _accounts;
    mapping(address operator => mapping(address module => Stake)) private _stakes;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 of every bond; its votes are followed if it has any
    /// @param restReceiver the Treasury
    /// @param delay seconds between `unbond` and `release`, longer than every dispute window
    constructor(
        address settlementToken,
        address restReceiver,
        uint256 delay
    ) BondedVotes(settlementToken) EIP712("Mycelia Bonds", "1") {
        require(restReceiver != address(0), Bonds_ZeroAddress());
        treasury = restReceiver;
        unbondDelay = delay;
    }

    /* DEPOSIT AND WITHDRAWAL */

    /// @inheritdoc IBonds
    function deposit(address operator, uint256 amount) external nonReentrant {
        _deposit(operator, amount);
    }

    /// @inheritdoc IBonds
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Anyone may have submitted the permit before, which must not stop the deposit.
        if (IERC20(token).allowance(msg.sender, address(this)) < amount)
            IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s);

        _deposit(operator, amount);
    }

    /// @dev Takes the money first, so that a token that keeps a fee is credited with what arrived.
    function _deposit(address operator, uint256 amount) private {
        require(operator != address(0), Bonds_ZeroAddress());
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        require(received != 0, Bonds_ZeroAmount());
        _followToken(operator);

        Account storage account = _accounts[operator];
        account.bonded += received.toUint128();
        account.free += received.toUint128();
        totalHeld += received;
        _transferVotingUnits(address(0), operator, received);
        emit BondDeposited(operator, msg.sender, received);
    }

    /// @inheritdoc IBonds
    function withdraw(uint256 amount, address to) external nonReentrant {
        Account storage account = _accounts[msg.sender];
        require(amount != 0, Bonds_ZeroAmount());
        require(amount <= account.free, Bonds_InsufficientFree(msg.sender, account.free, amount));

        account.free -= amount.toUint128();
        account.bonded -= amount.toUint128();
        totalHeld -= amount;
        _transferVotingUnits(msg.sender, address(0), amount);
        emit BondWithdrawn(msg.sender, to, amount);

        IERC20(token).safeTransfer(to, amount);
    }

    /* ALLOCATION */

    /// @inheritdoc IBonds
    function allocate(address module, uint256 amount) external {
        Account storage account = _accounts[msg.sender];
        require(module != address(0), Bonds_ZeroAddress());
        require(amount != 0, Bonds_ZeroAmount());
        require(amount <= account.free, Bonds_InsufficientFree(msg.sender, account.free, amount));

        account.free -= amount.toUint128();
        _stakes[msg.sender][module].allocated += amount.toUint128();
        emit BondAllocated(msg.sender, module, amount);
    }

    /// @inheritdoc IBonds
    function unbond(address module, uint256 amount) external {
        Stake storage stake = _stakes[msg.sender][module];
        require(amount != 0, Bonds_ZeroAmount());
        require(
            amount <= stake.allocated,
            Bonds_InsufficientAllocation(msg.sender, module, stake.allocated, amount)
        );

        uint256 releasableAt = block.timestamp + unbondDelay;

        stake.allocated -= amount.toUint128();
        stake.unbonding += amount.toUint128();
        stake.releasableAt = releasableAt.toUint64();
        emit BondUnbonding(msg.sender, module, amount, releasableAt);
    }

    /// @inheritdoc IBonds
    function release(address operator, address module) external {
        Stake storage stake = _stakes[operator][module];
        uint128 amount = stake.unbonding;
        require(amount != 0, Bonds_NothingUnbonding(operator, module));
        require(
            block.timestamp >= stake.releasableAt,
            Bonds_StillUnbonding(operator, module, stake.releasableAt)
        );

        stake.unbonding = 0;
        stake.releasableAt = 0;
        _accounts[operator].free += amount;
        emit BondReleased(operator, module, amount);
    }

    /* SLASHING */

    /// @inheritdoc IBonds
    function slash(Slash calldata order) external nonReentrant returns (uint256 cut) {
        uint256 count = order.reporters.length;
        require(count <= MAX_REPORTERS, Bonds_TooManyReporters(count, MAX_REPORTERS));

        cut = _cut(order.operator, msg.sender, order.amount);
        if (cut == 0) return 0;

        uint256 toVictim = order.victim == address(0) ? 0 : Math.min(order.victimAmount, cut);
        // One wei short of the cut at most: reporting oneself must cost something.
        uint256 forReporters = Math.min(order.reporterAmount, Math.min(cut - toVictim, cut - 1));
        if (toVictim != 0) owed[order.victim] += toVictim;
        uint256 toReporters = _creditReporters(order.reporters, forReporters);
        uint256 toTreasury = cut - toVictim - toReporters;
        totalHeld -= toTreasury;
        emit BondSlashed(order.operator, msg.sender, order.evidence, toVictim, toReporters, toTreasury);

        if (toTreasury != 0) IERC20(token).safeTransfer(treasury, toTreasury);
    }

    /// @inheritdoc IBonds
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;

        owed[msg.sender] = 0;
        totalHeld -= amount;
        emit OwedCollected(msg.sender, to, amount);

        IERC20(token).safeTransfer(to, amount);
    }

    /// @dev Takes up to `amount` from the active allocation first, then from what is unbonding, and the votes with it.
    function _cut(address operator, address module, uint256 amount) private returns (uint256 cut) {
        Stake storage stake = _stakes[operator][module];
        uint256 fromAllocated = Math.min(amount, stake.allocated);
        uint256 fromUnbonding = Math.min(amount - fromAllocated, stake.unbonding);
        cut = fromAllocated + fromUnbonding;
        if (cut == 0) return 0;

        // Each part is the least of a 128-bit number and another.
        stake.allocated -= uint128(fromAllocated);
        stake.unbonding -= uint128(fromUnbonding);
        if (stake.unbonding == 0) stake.releasableAt = 0;
        _accounts[operator].bonded -= cut.toUint128();
        _transferVotingUnits(operator, address(0), cut);
    }

    /// @return credited the sum of the equal shares, rounded down, of those reporters that have an address
    function _creditReporters(
        address[] calldata reporters,
        uint256 amount
    ) private returns (uint256 credited) {
        if (reporters.length == 0) return 0;
        uint256 shareDown = amount / reporters.length;
        if (shareDown == 0) return 0;
        for (uint256 i = 0; i < reporters.length; ++i) {
            if (reporters[i] == address(0)) continue;
            owed[reporters[i]] += shareDown;
            credited += shareDown;
        }
    }

    /* VOTES */

    function _getVotingUnits(address owner) internal view override returns (uint256) {
        return _accounts[owner].bonded;
    }

    /* VIEWS */

    /// @inheritdoc IBonds
    function bonded(address operator) external view returns (uint256) {
        return _accounts[operator].bonded;
    }

    /// @inheritdoc IBonds
    function free(address operator) external view returns (uint256) {
        return _accounts[operator].free;
    }

    /// @inheritdoc IBonds
    function allocated(address operator, address module) external view returns (uint256) {
        return _stakes[operator][module].allocated;
    }

    /// @inheritdoc IBonds
    function slashable(address operator, address module) external view returns (uint256) {
        Stake storage stake = _stakes[operator][module];
        return uint256(stake.allocated) + stake.unbonding;
    }

    /// @inheritdoc IBonds
    function unbonding(
        address operator,
        address module
    ) external view returns (uint256 amount, uint256 releasableAt) {
        Stake storage stake = _stakes[operator][module];
        return (stake.unbonding, stake.releasableAt);
    }

    /// @inheritdoc IBonds
    function maxReporters() external pure returns (uint256) {
        return MAX_REPORTERS;
    }
}
