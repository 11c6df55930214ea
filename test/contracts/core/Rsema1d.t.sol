// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Rsema1d} from "../../../contracts/core/libraries/Rsema1d.sol";
import {Rsema1dProbe} from "./probes/Rsema1dProbe.sol";

/// @notice What must hold for any input, whatever the reference says.
contract Rsema1dTest {
    Rsema1dProbe private _probe = new Rsema1dProbe();

    /// CODE-10: garbage is judged, not reverted upon, and proves nothing.
    function testFuzz_garbageProvesNothing(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        Rsema1d.RowProof calldata proof,
        Rsema1d.RlcProof calldata rlc
    ) public view {
        assert(!_probe.opens(commitment, shape, proof, commitment));
        (Rsema1d.Verdict verdict, ) = _probe.judge(commitment, shape, proof, rlc);
        assert(verdict == Rsema1d.Verdict.Malformed || verdict == Rsema1d.Verdict.Foreign);
    }

    /// CODE-10, with everything in shape but the hashes.
    function testFuzz_wellFormedGarbageIsForeign(bytes32 seed, uint256 index, uint8 originals) public view {
        Rsema1d.Shape memory shape = Rsema1d.Shape(uint32(1 << (originals % 8)), 0, 64);
        shape.n = 3 * shape.k;
        Rsema1d.RowProof memory proof = Rsema1d.RowProof(
            index % shape.k,
            _row(seed),
            _path(2 + (originals % 8))
        );
        Rsema1d.RlcProof memory rlc = Rsema1d.RlcProof(bytes16(seed), _path(originals % 8));

        assert(!_probe.opens(seed, shape, proof, seed));
        (Rsema1d.Verdict verdict, bytes16 actual) = _probe.judge(seed, shape, proof, rlc);
        assert(verdict == Rsema1d.Verdict.Foreign && actual == 0);
    }

    /// CODE-4: the combination is linear.
    function testFuzz_rlcOfASumIsTheSum(bytes32 root, bytes32 left, bytes32 right) public view {
        Rsema1d.Shape memory shape = Rsema1d.Shape(4, 4, 64);
        bytes memory a = _row(left);
        bytes memory b = _row(right);
        bytes memory sum = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            sum[i] = a[i] ^ b[i];
        }
        bytes16 apart = _probe.rlcOf(root, shape, a) ^ _probe.rlcOf(root, shape, b);
        assert(_probe.rlcOf(root, shape, sum) == apart);
    }

    /// CODE-4: rows that differ have, but for one chance in 2^128, different combinations.
    function testFuzz_oneBitChangesTheRlc(bytes32 root, bytes32 seed, uint16 bit) public view {
        Rsema1d.Shape memory shape = Rsema1d.Shape(4, 4, 64);
        bytes memory row = _row(seed);
        bytes16 before = _probe.rlcOf(root, shape, row);
        row[(bit >> 3) % 64] ^= bytes1(uint8(1 << (bit & 7)));
        assert(_probe.rlcOf(root, shape, row) != before);
    }

    function _row(bytes32 seed) private pure returns (bytes memory) {
        return abi.encode(seed, keccak256(abi.encode(seed)));
    }

    function _path(uint256 length) private pure returns (bytes32[] memory path) {
        path = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            path[i] = keccak256(abi.encode(i));
        }
    }
}
