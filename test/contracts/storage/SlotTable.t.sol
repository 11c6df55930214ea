// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlotTable} from "../../../contracts/storage/libraries/SlotTable.sol";

/// @notice Random histories of entering and leaving, checked after every step.
contract SlotTableTest {
    uint256 private constant STEPS = 60;

    uint256[8] private _table;
    bool[256] private _serves;
    uint256 private _members;

    /// COMMITTEES-2: even, at most one eighth, full from eight members on. COMMITTEES-3: only what must move moves.
    function testFuzz_historiesKeepTheTableEven(uint256 seed, uint8 crowd) public {
        for (uint256 i = 0; i < crowd % 40; ++i) {
            _step(i + 1, seed);
        }
        for (uint256 i = 0; i < STEPS; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _step(1 + (seed % 44), seed >> 128);
        }
    }

    /// COMMITTEES-2, with the largest roster there is.
    function test_everySeatCanBeTakenAndLeft() public {
        for (uint256 member = 1; member <= 255; ++member) {
            _step(member, 7 * member);
        }
        for (uint256 member = 255; member >= 1; --member) {
            // 97 is odd and prime, so this visits every seat once.
            _step(1 + ((member * 97) % 255), 0);
        }
        assert(_members == 0);
    }

    /// COMMITTEES-4: the fast set of an owner's slots is the slow one, whatever the table holds.
    function testFuzz_maskIsTheSetOfSlots(uint256[8] memory table, uint8 owner, uint256 where) public pure {
        // Random bytes seldom repeat: the owner takes a few neighbours.
        uint256 slot = where % 256;
        for (uint256 i = 0; i < where % 70; ++i) {
            _put(table, (slot + i) % 256, owner);
        }
        uint256 slow = 0;
        for (uint256 i = 0; i < 256; ++i) {
            if (SlotTable.ownerAt(table, i) == owner) slow |= 1 << i;
        }
        assert(SlotTable.maskOf(table, owner) == slow);
    }

    /// COMMITTEES-5: whoever enters takes nobody's slots first, and the first on the walk that it may take.
    function testFuzz_walkStartsWhereTheSeedSays(uint8 members, uint8 start) public pure {
        uint256[8] memory table;
        uint256 crowd = members % 8;
        for (uint256 member = 1; member <= crowd; ++member) {
            SlotTable.seat(table, member, member, 31 * member);
        }
        uint256[8] memory next = _copy(table);
        assert(SlotTable.seat(next, 200, crowd + 1, start) == 0);
        uint256 taken = 0;
        for (uint256 step = 0; taken < 32; ++step) {
            uint256 slot = (uint256(start) + step) % 256;
            if (SlotTable.ownerAt(table, slot) != 0) continue;
            assert(SlotTable.ownerAt(next, slot) == 200);
            ++taken;
        }
    }

    /// @dev A member that serves leaves; one that doesn't enters.
    function _step(uint256 member, uint256 start) private {
        uint256[8] memory table = _table;
        bool leaves = _serves[member];
        _members = leaves ? _members - 1 : _members + 1;
        _serves[member] = !leaves;
        uint256 moved =
            leaves
                ? SlotTable.vacate(table, member, _members)
                : SlotTable.seat(table, member, _members, start % 256);

        assert(moved == _checkMoves(member, table));
        _table = table;
        _checkEven(table);
    }

    /// @return moved slots that left an owner
    function _checkMoves(uint256 member, uint256[8] memory next) private view returns (uint256 moved) {
        uint256[8] memory before = _table;
        for (uint256 slot = 0; slot < 256; ++slot) {
            uint256 from = SlotTable.ownerAt(before, slot);
            uint256 to = SlotTable.ownerAt(next, slot);
            assert(from == to || from == member || to == member);
            if (from != to && from != 0) ++moved;
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

    function _put(uint256[8] memory table, uint256 slot, uint256 owner) private pure {
        uint256 shift = 8 * (slot % 32);
        table[slot / 32] = (table[slot / 32] & ~(0xff << shift)) | (owner << shift);
    }

    function _copy(uint256[8] memory table) private pure returns (uint256[8] memory copy) {
        for (uint256 i = 0; i < 8; ++i) copy[i] = table[i];
    }
}
