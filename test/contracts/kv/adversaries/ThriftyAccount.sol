// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A smart account that says yes only when it was given a certain amount of gas, and spends nearly none.
contract ThriftyAccount is IERC1271 {
    uint256 public immutable wanted;

    constructor(uint256 gasWanted) {
        wanted = gasWanted;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return gasleft() >= wanted ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
