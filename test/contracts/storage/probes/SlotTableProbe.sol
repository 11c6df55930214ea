// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlotTable} from "../../../../contracts/storage/libraries/SlotTable.sol";

/// @notice Lets tests call the library from outside.
contract SlotTableProbe {
    function seat(
        uint256[8] memory table,
        uint256 joiner,
        uint256 members,
        uint256 start
    ) external pure returns (uint256[8] memory, uint256 moved) {
        moved = SlotTable.seat(table, joiner, members, start);
        return (table, moved);
    }

    function vacate(
        uint256[8] memory table,
        uint256 leaver,
        uint256 members
    ) external pure returns (uint256[8] memory, uint256 moved) {
        moved = SlotTable.vacate(table, leaver, members);
        return (table, moved);
    }
}
