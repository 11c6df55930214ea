// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice Who may call what: OpenZeppelin's AccessManager, one a deployment, administered by the `Timelock`.
contract Authority is AccessManager {
    /// @param initialAdmin wires the deployment, then hands over to the timelock and renounces
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
