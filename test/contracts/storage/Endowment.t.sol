// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IParameters} from "../../../contracts/core/interfaces/IParameters.sol";
import {MyceliaToken} from "../../../contracts/core/MyceliaToken.sol";
import {Parameters} from "../../../contracts/core/Parameters.sol";
import {Authority} from "../../../contracts/governance/Authority.sol";
import {Endowment} from "../../../contracts/storage/Endowment.sol";
import {vm} from "../core/Vm.sol";

/// @notice Fees come in, epochs pass, are opened, paid, closed or left out, in any order, never in vain. The handler is the log,
/// the audits and the DAO.
contract EndowmentHandler {
    /// @param rate wei an epoch, as the division rounds it down
    struct Lease {
        uint256 first;
        uint256 last;
        uint256 rate;
    }

    MyceliaToken public immutable token;
    Parameters public immutable parameters;
    Endowment public immutable endowment;
    /// @notice Wei that were sent to the endowment, that nodes collected, and that lie there for nobody yet.
    uint256 public paidIn;
    uint256 public collected;
    uint256 public stray;
    Lease[] public leases;
    uint256[] public opened;

    address private constant TREASURY = address(0x3000);
    bytes32 private constant TREASURY_SHARE = "storage.treasuryBps";
    bytes32 private constant RELEASE_RATE = "storage.releaseRate";
    uint256 private constant EPOCH = 1 hours;
    uint256 private constant NODES = 3;
    uint256 private constant WHOLE = 1_000;
    mapping(uint256 epoch => uint256) private _weightLeft;

    constructor() {
        vm.warp(1_000_000 * EPOCH);
        token = new MyceliaToken(address(this));
        parameters = new Parameters(address(new Authority(address(this))), EPOCH);
        IParameters.Bounds memory bounds = IParameters.Bounds(0, 1e30, 1e30, 0);
        parameters.introduce("storage.permanentPricePerGiB", 12e18, bounds);
        parameters.introduce(RELEASE_RATE, 2_000, bounds);
        parameters.introduce(TREASURY_SHARE, 500, bounds);
        endowment = new Endowment(token, parameters, TREASURY, address(this), address(this));
        token.mint(address(this), 2e25);
    }

    function lease(uint32 units, uint16 delay, uint16 epochs, uint64 amount) external {
        uint256 first = block.timestamp / EPOCH + 1 + (delay % 3);
        uint256 last = first + (epochs % 500);
        uint256 held = endowment.leased();
        _send(amount);
        endowment.deposit(1 + uint256(units), first, last, amount);

        uint256 divided = endowment.leased() - held;
        leases.push(Lease(first, last, divided / (last - first + 1)));
    }

    function buyForEver(uint24 size, uint64 extra) external {
        uint256 units = 1 + uint256(size);
        uint256 amount = endowment.permanentUp(units) + extra;
        if (amount > token.balanceOf(address(this))) return;
        uint256 poolBefore = endowment.pool();
        uint256 unitsBefore = endowment.permanentUnits();
        _send(amount);
        endowment.deposit(units, 0, 0, amount);

        require(
            endowment.pool() * unitsBefore >= poolBefore * endowment.permanentUnits(),
            "ENDOW-3: diluted"
        );
    }

    function donate(uint64 amount) external {
        _send(amount);
        stray += amount;
    }

    function endow() external {
        require(endowment.endow() == stray, "ENDOW-2: a donation is what nobody owns");
        stray = 0;
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + (time % (3 * EPOCH)));
    }

    function passLong(uint32 time) external {
        vm.warp(block.timestamp + (time % (400 * EPOCH)));
    }

    function move(uint256 which, uint16 bps) external {
        parameters.set(which % 2 == 0 ? TREASURY_SHARE : RELEASE_RATE, bps % 9_000);
    }

    function open(uint256 skip) external {
        uint256 next = endowment.nextEpoch();
        uint256 current = block.timestamp / EPOCH;
        if (next > current) return;
        uint256 epoch = next + (skip % 4 == 0 ? skip % (current - next + 1) : 0);
        if (epoch - next > 256) return;
        uint256 poolBefore = endowment.pool();
        uint256 budget = endowment.open(epoch);

        require(budget == endowment.budgetOf(epoch) && budget == endowment.leftOf(epoch), "ENDOW-4: budget");
        require(
            budget >= poolBefore - endowment.pool() + endowment.leaseRate(),
            "ENDOW-4: a budget is leases and releases"
        );
        opened.push(epoch);
        _weightLeft[epoch] = WHOLE;
    }

    function pay(uint256 seed, uint256 node, uint16 weight) external {
        if (opened.length == 0) return;
        uint256 epoch = opened[seed % opened.length];
        uint256 share = weight % (_weightLeft[epoch] + 1);
        uint256 amount = endowment.pay(epoch, person(node), share, WHOLE);
        require(amount == (endowment.budgetOf(epoch) * share) / WHOLE, "ENDOW-5: its part, rounded down");
        _weightLeft[epoch] -= share;
    }

    function close(uint256 seed) external {
        if (opened.length == 0) return;
        uint256 place = seed % opened.length;
        uint256 epoch = opened[place];
        uint256 left = endowment.leftOf(epoch);
        uint256 kept = endowment.pool() + endowment.surplus();
        require(endowment.close(epoch) == left, "ENDOW-5: the rest goes back");
        require(endowment.pool() + endowment.surplus() == kept + left, "ENDOW-5: the whole rest");
        opened[place] = opened[opened.length - 1];
        opened.pop();
    }

    function roll(uint8 epochs) external {
        uint256 before = endowment.nextEpoch();
        endowment.roll(epochs);
        uint256 next = endowment.nextEpoch();
        require(next == before || next < block.timestamp / EPOCH, "ENDOW-6: the audits' epochs are theirs");
    }

    function collect(uint256 node) external {
        vm.prank(person(node));
        collected += endowment.collect(person(node));
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + (seed % NODES)));
    }

    function owedToAll() external view returns (uint256 sum) {
        for (uint256 i = 0; i < NODES; ++i) sum += endowment.owed(person(i));
    }

    function leftOfAll() external view returns (uint256 sum) {
        for (uint256 i = 0; i < opened.length; ++i) sum += endowment.leftOf(opened[i]);
    }

    function toTreasury() external view returns (uint256) {
        return token.balanceOf(TREASURY);
    }

    /// @notice What the leases have still to pay, and what they paid in the last epoch entered, straight from their terms.
    function leasesNow() external view returns (uint256 toCome, uint256 rate) {
        uint256 next = endowment.nextEpoch();
        for (uint256 i = 0; i < leases.length; ++i) {
            Lease memory one = leases[i];
            uint256 from = next > one.first ? next : one.first;
            if (one.last >= from) toCome += one.rate * (one.last + 1 - from);
            if (one.first < next && next - 1 <= one.last) rate += one.rate;
        }
    }

    function _send(uint256 amount) private {
        token.transfer(address(endowment), amount);
        paidIn += amount;
    }
}

/// @notice What holds of the endowment after any sequence of actions. ENDOW-3 and ENDOW-5 are checked at each action.
contract EndowmentInvariants {
    EndowmentHandler private _handler;

    function setUp() external {
        _handler = new EndowmentHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// ENDOW-1: what is held is pool, surplus, leases, open budgets and rewards, and it is there.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_ENDOW_1_solventToTheWei() external view {
        Endowment endowment = _handler.endowment();
        uint256 held = endowment.totalHeld();
        uint256 kept = endowment.pool() + endowment.surplus() + endowment.leased();
        require(held == kept + _handler.leftOfAll() + _handler.owedToAll(), "ENDOW-1: parts");
        uint256 balance = _handler.token().balanceOf(address(endowment));
        require(balance == held + _handler.stray(), "ENDOW-1: balance");
    }

    /// ENDOW-2: every wei that came in is held, collected or the treasury's.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_ENDOW_2_nothingIsLost() external view {
        uint256 out = _handler.collected() + _handler.toTreasury() + _handler.stray();
        require(_handler.paidIn() == out + _handler.endowment().totalHeld(), "ENDOW-2");
    }

    /// ENDOW-4: the streams are those of the leases' terms, however late and irregularly epochs are opened.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_ENDOW_4_leasesRunAsAgreed() external view {
        (uint256 toCome, uint256 rate) = _handler.leasesNow();
        require(_handler.endowment().leased() == toCome, "ENDOW-4: to come");
        require(_handler.endowment().leaseRate() == rate, "ENDOW-4: rate");
    }
}
