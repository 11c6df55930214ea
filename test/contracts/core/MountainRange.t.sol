// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MountainRange} from "../../../contracts/core/libraries/MountainRange.sol";

/// @notice Fuzzes the range against the recursive definition of RFC 6962.
contract MountainRangeTest {
    using MountainRange for MountainRange.Range;

    uint256 private constant MAX_ENTRIES = 48;

    MountainRange.Range private _range;

    /// RANGE-1
    function testFuzz_rootIsTheTreeHash(bytes32 seed, uint256 size) public {
        bytes32[] memory entries = _appendAll(seed, size);

        assert(_range.count == entries.length);
        assert(_range.root() == _treeHash(entries, 0, entries.length));
    }

    /// RANGE-2
    function testFuzz_everyEntryIsProven(bytes32 seed, uint256 size, uint256 pick) public {
        bytes32[] memory entries = _appendAll(seed, size);
        uint256 index = pick % entries.length;
        bytes32[] memory proof = _auditPath(entries, index);

        assert(this.verify(entries[index], index, entries.length, _range.root(), proof));
    }

    /// RANGE-5
    function testFuzz_oneWrongBitIsRefused(bytes32 seed, uint256 size, uint256 pick, uint8 bit) public {
        bytes32[] memory entries = _appendAll(seed, size);
        uint256 index = pick % entries.length;
        bytes32[] memory proof = _auditPath(entries, index);
        bytes32 flip = bytes32(uint256(1) << bit);
        bytes32 root = _range.root();

        assert(!this.verify(entries[index] ^ flip, index, entries.length, root, proof));
        assert(!this.verify(entries[index], index, entries.length, root ^ flip, proof));
        if (proof.length == 0) return;
        proof[pick % proof.length] ^= flip;
        assert(!this.verify(entries[index], index, entries.length, root, proof));
    }

    /// RANGE-3: garbage proves nothing.
    function testFuzz_garbageIsRefused(
        bytes32 data,
        uint256 index,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) public view {
        assert(!this.verify(data, index, count, root, proof));
    }

    function verify(
        bytes32 data,
        uint256 index,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return MountainRange.verify(data, index, count, root, proof);
    }

    function _appendAll(bytes32 seed, uint256 size) private returns (bytes32[] memory entries) {
        entries = new bytes32[](1 + (size % MAX_ENTRIES));
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = keccak256(abi.encode(seed, i));
            assert(_range.append(entries[i]) == i);
        }
    }

    function _treeHash(bytes32[] memory entries, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return keccak256(abi.encodePacked(bytes1(0x00), entries[from]));
        uint256 middle = from + _split(to - from);
        return
            keccak256(
                abi.encodePacked(
                    bytes1(0x01),
                    _treeHash(entries, from, middle),
                    _treeHash(entries, middle, to)
                )
            );
    }

    function _auditPath(
        bytes32[] memory entries,
        uint256 index
    ) private pure returns (bytes32[] memory path) {
        bytes32[] memory topDown = new bytes32[](64);
        uint256 depth = 0;
        uint256 from = 0;
        uint256 to = entries.length;
        while (to - from > 1) {
            uint256 middle = from + _split(to - from);
            bool left = index < middle;
            topDown[depth++] = left ? _treeHash(entries, middle, to) : _treeHash(entries, from, middle);
            (from, to) = left ? (from, middle) : (middle, to);
        }
        path = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            path[i] = topDown[depth - 1 - i];
        }
    }

    function _split(uint256 count) private pure returns (uint256 split) {
        split = 1;
        while (split * 2 < count) split *= 2;
    }
}
