// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bonds} from "../../../contracts/core/Bonds.sol";
import {IBonds} from "../../../contracts/core/interfaces/IBonds.sol";
import {MyceliaToken} from "../../../contracts/core/MyceliaToken.sol";
import {vm} from "./Vm.sol";

/// @notice Three operators, two modules and their reporters do everything that can be done, in any order, never in vain.
contract BondsHandler {
    MyceliaToken public immutable token;
    Bonds public immutable bonds;
    address public immutable treasury;
    uint256 public slashed;
    uint256 public toTreasury;
    uint256 public credited;
    uint256 public collected;

    uint256 private constant PEOPLE = 3;
    uint256 private constant MODULES = 2;

    constructor(address treasury_) {
        treasury = treasury_;
        token = new MyceliaToken(address(this));
        bonds = new Bonds(address(token), treasury_, 7 days);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            token.mint(person(i), 1_000_000e18);
            vm.prank(person(i));
            token.approve(address(bonds), type(uint256).max);
        }
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + (seed % PEOPLE)));
    }

    function module(uint256 seed) public pure returns (address) {
        return address(uint160(0x2000 + (seed % MODULES)));
    }

    function deposit(uint256 payer, uint256 operator, uint256 amount) external {
        uint256 balance = token.balanceOf(person(payer));
        if (balance == 0) return;
        vm.prank(person(payer));
        bonds.deposit(person(operator), 1 + (amount % balance));
    }

    function withdraw(uint256 operator, uint256 amount, uint256 to) external {
        uint256 free = bonds.free(person(operator));
        if (free == 0) return;
        vm.prank(person(operator));
        bonds.withdraw(1 + (amount % free), person(to));
    }

    function allocate(uint256 operator, uint256 part, uint256 amount) external {
        uint256 free = bonds.free(person(operator));
        if (free == 0) return;
        vm.prank(person(operator));
        bonds.allocate(module(part), 1 + (amount % free));
    }

    function unbond(uint256 operator, uint256 part, uint256 amount) external {
        uint256 allocated = bonds.allocated(person(operator), module(part));
        if (allocated == 0) return;
        vm.prank(person(operator));
        bonds.unbond(module(part), 1 + (amount % allocated));
    }

    function release(uint256 operator, uint256 part) external {
        (uint256 amount, uint256 releasableAt) = bonds.unbonding(person(operator), module(part));
        if (amount == 0) return;
        if (block.timestamp < releasableAt) vm.warp(releasableAt);
        bonds.release(person(operator), module(part));
    }

    function slash(uint256 operator, uint256 part, uint128[3] calldata amounts, uint256 crowd) external {
        address[] memory reporters = new address[](crowd % 5);
        for (uint256 i = 0; i < reporters.length; ++i) reporters[i] = person((crowd % 5) + i);
        uint256 slashable = bonds.slashable(person(operator), module(part));
        IBonds.Slash memory order = IBonds.Slash({
            operator: person(operator),
            amount: slashable == 0 ? amounts[0] : amounts[0] % (2 * slashable),
            victim: crowd % 7 == 0 ? address(0) : person(crowd),
            victimAmount: slashable == 0 ? amounts[1] : amounts[1] % (2 * slashable),
            reporters: reporters,
            reporterAmount: amounts[2],
            evidence: bytes32(crowd)
        });
        uint256 owedBefore = owedToAll();
        uint256 treasuryBefore = token.balanceOf(treasury);

        vm.prank(module(part));
        uint256 cut = bonds.slash(order);

        require(
            cut == (order.amount < slashable ? order.amount : slashable),
            "BOND-1: cut is what was asked or all"
        );
        uint256 credit = owedToAll() - owedBefore;
        uint256 rest = token.balanceOf(treasury) - treasuryBefore;
        require(credit + rest == cut, "BOND-2: shares of a cut are the cut");
        slashed += cut;
        credited += credit;
        toTreasury += rest;
    }

    function collect(uint256 who) external {
        vm.prank(person(who));
        collected += bonds.collect(person(who));
    }

    function delegate(uint256 who, uint256 to) external {
        vm.prank(person(who));
        token.delegate(person(to));
    }

    function syncDelegation(uint256 who) external {
        bonds.syncDelegation(person(who));
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        uint256 balance = token.balanceOf(person(from));
        vm.prank(person(from));
        token.transfer(person(to), amount % (balance + 1));
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + (time % 10 days));
    }

    function owedToAll() public view returns (uint256 sum) {
        for (uint256 i = 0; i < PEOPLE; ++i) sum += bonds.owed(person(i));
    }

    function bondedByAll() external view returns (uint256 sum) {
        for (uint256 i = 0; i < PEOPLE; ++i) sum += bonds.bonded(person(i));
    }

    function partsOf(uint256 who) external view returns (uint256 sum) {
        sum = bonds.free(person(who));
        for (uint256 i = 0; i < MODULES; ++i) sum += bonds.slashable(person(who), module(i));
    }

    function votesOfAll() external view returns (uint256 inToken, uint256 inBonds) {
        for (uint256 i = 0; i < PEOPLE; ++i) {
            inToken += token.getVotes(person(i));
            inBonds += bonds.getVotes(person(i));
        }
    }
}

/// @notice What holds of bonds after any sequence of actions. BOND-1 and BOND-2 are checked at each slash, by the handler.
contract BondsInvariants {
    BondsHandler private _handler;

    function setUp() external {
        _handler = new BondsHandler(address(0x3000));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// BOND-9: the balance is what is held, and what is held is bonds and credits.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BOND_9_everyWeiIsSomebodys() external view {
        uint256 held = _handler.bonds().totalHeld();
        require(_handler.token().balanceOf(address(_handler.bonds())) == held, "BOND-9: balance");
        require(_handler.bondedByAll() + _handler.owedToAll() == held, "BOND-9: sum");
    }

    /// BOND-10: an operator's bond is its free, allocated and unbonding parts.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BOND_10_partsMakeTheWhole() external view {
        for (uint256 i = 0; i < 3; ++i)
            require(_handler.partsOf(i) == _handler.bonds().bonded(_handler.person(i)), "BOND-10");
    }

    /// BOND-11: no token votes twice.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BOND_11_votesStayWithinSupply() external view {
        (uint256 inToken, uint256 inBonds) = _handler.votesOfAll();
        require(inBonds <= _handler.bondedByAll(), "BOND-11: bonded votes");
        require(inToken + inBonds <= _handler.token().totalSupply(), "BOND-11: all votes");
    }

    /// BOND-12: what was slashed is credited or in the treasury, and credits are owed or collected.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BOND_12_slashesLoseNothing() external view {
        require(_handler.slashed() == _handler.credited() + _handler.toTreasury(), "BOND-12: cut");
        require(_handler.credited() == _handler.owedToAll() + _handler.collected(), "BOND-12: credits");
        require(
            _handler.token().balanceOf(_handler.treasury()) == _handler.toTreasury(),
            "BOND-12: treasury"
        );
    }
}
