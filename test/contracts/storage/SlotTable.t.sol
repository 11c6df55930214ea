// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlotTable} from "../../../contracts/storage/libraries/SlotTable.sol";

/// @notice Random histories of joining and leaving, checked after every step.
contract SlotTableTest {
    uint256 private constant STEPS = 60;

    uint256[8] private _table;
    bool[256] private _serves;
    uint256 private _members;

    /// COMMITTEE-2: even, at most one eighth, full from eight members on. COMMITTEE-3: only what must move moves.
    function testFuzz_historiesKeepTheTableEven(uint256 seed, uint8 crowd) public {
        for (uint256 i = 0; i < crowd % 40; ++i) {
            _step(i + 1);
        }
        for (uint256 i = 0; i < STEPS; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _step(1 + (seed % 44));
        }
    }

    /// COMMITTEE-2, with the largest roster there is.
    function test_everyNumberCanServeAndLeave() public {
        for (uint256 member = 1; member <= 255; ++member) {
            _step(member);
        }
        for (uint256 member = 255; member >= 1; --member) {
            // 97 is odd and prime, so this visits every number once.
            _step(1 + ((member * 97) % 255));
        }
        assert(_members == 0);
    }

    /// @dev A member that serves leaves; one that doesn't joins.
    function _step(uint256 member) private {
        uint256[8] memory table = _table;
        bool leaves = _serves[member];
        _members = leaves ? _members - 1 : _members + 1;
        _serves[member] = !leaves;
        if (leaves) SlotTable.vacate(table, member, _members);
        else SlotTable.seat(table, member, _members);

        _checkMoves(member, table);
        _table = table;
        _checkEven(table);
    }

    function _checkMoves(uint256 member, uint256[8] memory next) private view {
        uint256[8] memory before = _table;
        for (uint256 slot = 0; slot < 256; ++slot) {
            uint256 from = SlotTable.ownerAt(before, slot);
            uint256 to = SlotTable.ownerAt(next, slot);
            assert(from == to || from == member || to == member);
        }
    }

    function _checkEven(uint256[8] memory table) private view {
        uint256[256] memory counts = SlotTable.countAll(table);
        uint256 owned = 256 - counts[0];
        assert(owned == (_members >= 8 ? 256 : 32 * _members));
        uint256 even = _members == 0 ? 0 : SlotTable.share(_members);
        for (uint256 member = 1; member < 256; ++member) {
            if (!_serves[member]) assert(counts[member] == 0);
            else assert(counts[member] == even || (counts[member] == even + 1 && counts[member] <= 32));
        }
    }
}
