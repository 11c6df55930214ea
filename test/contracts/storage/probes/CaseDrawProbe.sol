// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CaseDraw} from "../../../../contracts/storage/libraries/CaseDraw.sol";

/// @notice Lets tests call the library from outside.
contract CaseDrawProbe {
    function draw(bytes32 seed, uint256 mask) external pure returns (uint256) {
        return CaseDraw.draw(seed, mask);
    }

    function rowOf(
        bytes32 seed,
        uint256 slots,
        uint256 number,
        uint256 offset,
        uint256 rowsPerStrip
    ) external pure returns (uint256) {
        return CaseDraw.rowOf(seed, slots, number, offset, rowsPerStrip);
    }
}
