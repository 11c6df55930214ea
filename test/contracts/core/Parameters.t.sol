// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Parameters} from "../../../contracts/core/Parameters.sol";
import {IParameters} from "../../../contracts/core/interfaces/IParameters.sol";
import {Authority} from "../../../contracts/governance/Authority.sol";
import {vm} from "./Vm.sol";

/// @notice The DAO asks for anything at any time; remembers the value of the epoch.
contract ParametersHandler {
    bytes32 public constant NAME = "audits.reward";
    uint256 public constant EPOCH = 1 hours;
    uint128 public constant STEP = 25;

    Parameters public immutable parameters;
    uint256 public epoch;
    uint256 public value = 500;

    constructor() {
        parameters = new Parameters(address(new Authority(address(this))), EPOCH);
        parameters.introduce(NAME, value, IParameters.Bounds(400, 600, STEP, 20 minutes));
        epoch = block.timestamp / EPOCH;
    }

    function set(uint256 wanted) external {
        try parameters.set(NAME, 380 + (wanted % 240)) {} catch {}
        look();
    }

    function setNear(uint256 step) external {
        uint256 current = parameters.get(NAME);
        try parameters.set(NAME, current + (step % 60) - 30) {} catch {}
        look();
    }

    function pass(uint16 time) external {
        uint256 next = block.timestamp + (time % 50 minutes);
        vm.warp(next);
        look();
    }

    /// @dev Steps of less than an epoch, so that every epoch in which somebody acts is compared with the one before.
    function look() public {
        uint256 current = parameters.get(NAME);
        require(current >= 400 && current <= 600, "PARAM-3: out of bounds");
        uint256 now_ = block.timestamp / EPOCH;
        if (now_ == epoch) {
            require(current == value, "PARAM-1: changed within an epoch");
            return;
        }
        uint256 step = current > value ? current - value : value - current;
        require(step <= STEP, "PARAM-2: step too large");
        epoch = now_;
        value = current;
    }
}

/// @notice What holds of parameters after any sequence of actions.
contract ParametersInvariants {
    ParametersHandler private _handler;

    function setUp() external {
        _handler = new ParametersHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// PARAM-1, PARAM-2, PARAM-3: constant within an epoch, by steps between epochs, always within bounds.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_PARAM_1_2_3_ruledByEpochs() external {
        _handler.look();
    }
}
