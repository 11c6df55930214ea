// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice The only admin of `Authority`: every change waits `minDelay` seconds in the open. It administers itself.
contract Timelock is TimelockController {
    /// @param minDelay seconds that a change waits
    /// @param proposers may schedule and cancel
    /// @param executors may execute what has waited; the zero address lets anyone
    constructor(
        uint256 minDelay,
        address[] memory proposers,
        address[] memory executors
    ) TimelockController(minDelay, proposers, executors, address(0)) {}
}
