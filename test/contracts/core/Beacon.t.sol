// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Beacon} from "../../../contracts/core/Beacon.sol";
import {BlockHashSource} from "../../../contracts/core/BlockHashSource.sol";
import {MyceliaToken} from "../../../contracts/core/MyceliaToken.sol";
import {IBeacon} from "../../../contracts/core/interfaces/IBeacon.sol";
import {DrawId} from "../../../contracts/core/types/DrawId.sol";
import {Authority} from "../../../contracts/governance/Authority.sol";
import {vm} from "./Vm.sol";

/// @notice Consumers request, keepers fulfil and expire, blocks pass; remembers what every draw once said.
contract BeaconHandler {
    MyceliaToken public immutable token;
    Beacon public immutable beacon;
    mapping(uint256 id => bytes32) public seedSeen;
    mapping(uint256 id => bool) public expiredSeen;

    constructor() {
        token = new MyceliaToken(address(this));
        Authority authority = new Authority(address(this));
        beacon = new Beacon(address(authority), address(token));
        beacon.setSource(IBeacon.Source.Block, address(new BlockHashSource()));
        for (uint256 i = 0; i < 3; ++i) {
            token.mint(person(i), 1_000e18);
            vm.prank(person(i));
            token.approve(address(beacon), type(uint256).max);
        }
        vm.roll(1_000);
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + (seed % 3)));
    }

    function request(uint256 who, uint128 tip) external {
        uint256 balance = token.balanceOf(person(who));
        vm.prank(person(who));
        beacon.request(IBeacon.Source.Block, uint128(tip % (balance + 1)));
        look(beacon.draws() - 1);
    }

    /// @dev Every block that passes gets a hash, as on a chain.
    function pass(uint16 blocks) external {
        uint256 until = block.number + 1 + (blocks % 400);
        uint256 from = until > block.number + 256 ? until - 256 : block.number;
        vm.roll(until);
        for (uint256 number = from; number < until; ++number)
            vm.setBlockhash(number, keccak256(abi.encode("block", number)));
    }

    function fulfil(uint256 who, uint256 seed) external {
        if (beacon.draws() == 0) return;
        uint256 id = 1 + (seed % beacon.draws());
        (IBeacon.DrawState state, bytes32 before) = beacon.stateOf(DrawId.wrap(uint64(id)));
        vm.prank(person(who));
        try beacon.fulfil(DrawId.wrap(uint64(id))) returns (bytes32 result) {
            require(result != 0, "BEACON-8: zero seed");
            require(before == 0 || before == result, "BEACON-8: another seed");
            require(
                state == IBeacon.DrawState.Ready || state == IBeacon.DrawState.Fulfilled,
                "BEACON-8: fulfilled out of turn"
            );
            seedSeen[id] = result;
        } catch {
            require(
                state == IBeacon.DrawState.Waiting || state == IBeacon.DrawState.Expired,
                "BEACON-8: refused in its turn"
            );
        }
    }

    function expire(uint256 who, uint256 seed) external {
        if (beacon.draws() == 0) return;
        uint256 id = 1 + (seed % beacon.draws());
        (IBeacon.DrawState state, ) = beacon.stateOf(DrawId.wrap(uint64(id)));
        vm.prank(person(who));
        try beacon.expire(DrawId.wrap(uint64(id))) {
            require(state == IBeacon.DrawState.Expired, "BEACON-8: expired out of turn");
            expiredSeen[id] = true;
        } catch {
            require(state != IBeacon.DrawState.Expired, "BEACON-8: expiry refused");
        }
    }

    function collect(uint256 who) external {
        vm.prank(person(who));
        beacon.collect(person(who));
    }

    function look(uint256 seed) public view {
        if (beacon.draws() == 0) return;
        uint256 id = 1 + (seed % beacon.draws());
        (IBeacon.DrawState state, bytes32 result) = beacon.stateOf(DrawId.wrap(uint64(id)));
        require((state == IBeacon.DrawState.Fulfilled) == (result != 0), "BEACON-8: seed without state");
        require(seedSeen[id] == result, "BEACON-8: drawn again");
        require(!expiredSeen[id] || state == IBeacon.DrawState.Expired, "BEACON-8: back from expiry");
    }

    function openTips() external view returns (uint256 sum) {
        for (uint64 id = 1; id <= beacon.draws(); ++id) {
            (, uint256 tip) = beacon.requestOf(DrawId.wrap(id));
            sum += tip;
        }
        for (uint256 i = 0; i < 3; ++i) sum += beacon.owed(person(i));
    }
}

/// @notice What holds of the beacon after any sequence of actions.
contract BeaconInvariants {
    BeaconHandler private _handler;

    function setUp() external {
        _handler = new BeaconHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// BEACON-7: the balance is what is held, and what is held is open and owed tips.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BEACON_7_everyTipIsSomebodys() external view {
        uint256 held = _handler.beacon().totalHeld();
        require(_handler.token().balanceOf(address(_handler.beacon())) == held, "BEACON-7: balance");
        require(_handler.openTips() == held, "BEACON-7: sum");
    }

    /// BEACON-8: a seed never changes, is never zero, and an expired draw never comes back.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_BEACON_8_drawnOnce() external view {
        uint256 draws = _handler.beacon().draws();
        for (uint256 id = 0; id < draws; ++id) _handler.look(id);
    }
}
