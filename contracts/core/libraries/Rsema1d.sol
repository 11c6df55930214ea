// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LeopardField} from "./LeopardField.sol";
import {Sha256Tree} from "./Sha256Tree.sol";

/// @title Rsema1d
/// @notice Opens one row of a coded segment or blob against its commitment H(rowRoot || rlcRoot).
/// @dev A row belongs to a commitment when its path leads there. That the rows are a codeword is said by random linear
/// combinations (RLC): the tree under rlcRoot has, for each original row, the sum over symbol positions of (symbol times a
/// coefficient that follows from rowRoot and the shape). A row whose own RLC differs from that leaf is badly coded, and whoever
/// made the commitment did it. The RLC of a parity row follows from those of all originals; it is for keepers to check.
///
/// Path and row lengths bind the shape: a plain opening k + n and rowSize, one with RLC also k. Where a plain opening must know
/// k, take it from where the commitment came from.
///
/// The functions here judge and don't revert, whatever they are given; `requireOpen` and `requireSound` do.
library Rsema1d {
    uint256 private constant MAX_ROWS = 65_536;
    uint256 private constant ROW_UNIT = 64;
    /// @dev A bound on work: rows of this size are still judged in one transaction.
    uint256 private constant MAX_ROW_SIZE = 65_536;

    /// @dev Malformed: no such row can exist in this shape, or a path has the wrong length. Foreign: row and RLC value aren't
    /// those of the commitment. Miscoded: they are, and the row isn't what the RLC value says. Sound: they are, and it is.
    enum Verdict {
        Malformed,
        Foreign,
        Miscoded,
        Sound
    }

    /// @param k original rows, a power of two
    /// @param n parity rows; k + n is a power of two of at most 65,536
    /// @param rowSize bytes of a row, a multiple of 64
    struct Shape {
        uint32 k;
        uint32 n;
        uint32 rowSize;
    }

    /// @param index row number; originals come first
    /// @param row its rowSize bytes
    /// @param path siblings in the row tree, bottom to top
    struct RowProof {
        uint256 index;
        bytes row;
        bytes32[] path;
    }

    /// @param value RLC of an original row under the commitment
    /// @param path siblings in the RLC tree, bottom to top
    struct RlcProof {
        bytes16 value;
        bytes32[] path;
    }

    /// @notice Thrown when a row doesn't open the commitment.
    error Rsema1d_NotOpened(bytes32 commitment, uint256 index);
    /// @notice Thrown when an original row isn't proven sound.
    error Rsema1d_NotSound(bytes32 commitment, uint256 index, Verdict verdict);

    /* PLAIN OPENING */

    /// @notice Whether the row is row `proof.index` under `commitment`. Nothing is said about how it was coded.
    function opens(
        bytes32 commitment,
        Shape memory shape,
        RowProof calldata proof,
        bytes32 rlcRoot
    ) internal view returns (bool) {
        return isWellFormed(shape, proof) && Sha256Tree.join(rowRootOf(proof), rlcRoot) == commitment;
    }

    /// @notice Reverts unless the row is row `proof.index` under `commitment`.
    function requireOpen(
        bytes32 commitment,
        Shape memory shape,
        RowProof calldata proof,
        bytes32 rlcRoot
    ) internal view {
        require(opens(commitment, shape, proof, rlcRoot), Rsema1d_NotOpened(commitment, proof.index));
    }

    /* OPENING WITH RLC */

    /// @notice Judges an original row by its RLC.
    /// @return verdict see Verdict
    /// @return actual the row's own RLC; zero unless the verdict is Miscoded or Sound
    function judge(
        bytes32 commitment,
        Shape memory shape,
        RowProof calldata proof,
        RlcProof calldata rlc
    ) internal view returns (Verdict verdict, bytes16 actual) {
        bool original = proof.index < shape.k && _spans(rlc.path.length, shape.k);
        if (!original || !isWellFormed(shape, proof)) return (Verdict.Malformed, 0);
        bytes32 rowRoot = rowRootOf(proof);
        bytes32 rlcRoot = Sha256Tree.climb(Sha256Tree.hashLeaf(rlc.value), proof.index, rlc.path);
        if (Sha256Tree.join(rowRoot, rlcRoot) != commitment) return (Verdict.Foreign, 0);

        actual = rlcOf(rowRoot, shape, proof.row);
        verdict = actual == rlc.value ? Verdict.Sound : Verdict.Miscoded;
    }

    /// @notice Reverts unless an original row belongs to `commitment` and is what its RLC value says.
    function requireSound(
        bytes32 commitment,
        Shape memory shape,
        RowProof calldata proof,
        RlcProof calldata rlc
    ) internal view {
        (Verdict verdict, ) = judge(commitment, shape, proof, rlc);
        require(verdict == Verdict.Sound, Rsema1d_NotSound(commitment, proof.index, verdict));
    }

    /* PARTS */

    /// @notice Whether the shape is one of RSEMA1D's and the proof has its lengths.
    function isWellFormed(Shape memory shape, RowProof calldata proof) internal pure returns (bool) {
        uint256 rows = uint256(shape.k) + shape.n;
        if (!_isPowerOfTwo(shape.k) || !_isPowerOfTwo(rows) || shape.n == 0 || rows > MAX_ROWS) return false;
        if (shape.rowSize == 0 || shape.rowSize % ROW_UNIT != 0 || shape.rowSize > MAX_ROW_SIZE) return false;
        return proof.index < rows && proof.row.length == shape.rowSize && _spans(proof.path.length, rows);
    }

    /// @notice Root of the row tree that a row and its path lead to.
    function rowRootOf(RowProof calldata proof) internal view returns (bytes32) {
        return Sha256Tree.climb(Sha256Tree.hashLeaf(proof.row), proof.index, proof.path);
    }

    /// @notice RLC of any row under `rowRoot`. The row's length must be the shape's.
    function rlcOf(bytes32 rowRoot, Shape memory shape, bytes calldata row) internal view returns (bytes16) {
        bytes32 seed = sha256(
            abi.encodePacked(
                rowRoot,
                _littleEndian(shape.k),
                _littleEndian(shape.n),
                _littleEndian(shape.rowSize)
            )
        );
        return LeopardField.combineBasis(_sumByBit(seed, row));
    }

    /// @dev For each of the 16 bits of a symbol: the sum of the coefficients at whose position the row's symbol has the bit set.
    /// Hashes are summed unfolded, which the fold, being linear, doesn't mind.
    function _sumByBit(bytes32 seed, bytes calldata row) private view returns (uint256[16] memory sums) {
        return _addUp(_fillBuckets(seed, row));
    }

    /// @dev One pass adds each hash to two of 512 buckets, by the low and the high byte of its symbol: two memory words a symbol
    /// in place of eight on average. In each 64-byte chunk of a row, byte i and byte 32 + i are the halves of symbol i, so BYTE
    /// takes them out of two words.
    /// @return buckets memory address of the buckets by low byte; those by high byte follow
    function _fillBuckets(bytes32 seed, bytes calldata row) private view returns (uint256 buckets) {
        assembly ("memory-safe") {
            buckets := mload(0x40)
            mstore(0x40, add(buckets, 0x4000))
            // What is read past the call's end is zero.
            calldatacopy(buckets, calldatasize(), 0x4000)
            // seed || LE32(position); positions fit 16 bits, so the last two bytes stay zero.
            let preimage := mload(0x40)
            let counter := add(preimage, 0x20)
            mstore(preimage, seed)
            mstore(counter, 0)

            let highs := add(buckets, 0x2000)
            let ok := 1
            let end := add(row.offset, row.length)
            let position := 0
            for {
                let chunk := row.offset
            } lt(chunk, end) {
                chunk := add(chunk, 0x40)
            } {
                let low := calldataload(chunk)
                let high := calldataload(add(chunk, 0x20))
                // Zero symbols add nothing: padding costs nothing.
                if or(low, high) {
                    mstore8(add(counter, 1), shr(8, position))
                    for {
                        let i := 0
                    } lt(i, 0x20) {
                        i := add(i, 1)
                    } {
                        mstore8(counter, add(position, i))
                        ok := and(ok, staticcall(gas(), 0x02, preimage, 0x24, 0x00, 0x20))
                        let hash := mload(0x00)
                        let bucket := add(buckets, shl(5, byte(i, low)))
                        mstore(bucket, xor(mload(bucket), hash))
                        bucket := add(highs, shl(5, byte(i, high)))
                        mstore(bucket, xor(mload(bucket), hash))
                    }
                }
                position := add(position, 0x20)
            }
            // As in Sha256Tree: never with gas left, and a revert all the same.
            if iszero(ok) {
                revert(0, 0)
            }
        }
    }

    /// @dev Sums by bit out of both sets of buckets, which it uses up. The upper half of a set has the top bit set; added to the
    /// lower half, it leaves the other bits to be read in the same way.
    function _addUp(uint256 buckets) private pure returns (uint256[16] memory sums) {
        assembly ("memory-safe") {
            for {
                let bit := 8
            } bit {} {
                bit := sub(bit, 1)
                let half := shl(bit, 0x20)
                let lowSum := 0
                let highSum := 0
                let end := add(buckets, half)
                for {
                    let bucket := buckets
                } lt(bucket, end) {
                    bucket := add(bucket, 0x20)
                } {
                    let upper := mload(add(bucket, half))
                    lowSum := xor(lowSum, upper)
                    mstore(bucket, xor(mload(bucket), upper))
                    let twin := add(bucket, 0x2000)
                    upper := mload(add(twin, half))
                    highSum := xor(highSum, upper)
                    mstore(twin, xor(mload(twin), upper))
                }
                mstore(add(sums, shl(5, bit)), lowSum)
                mstore(add(sums, shl(5, add(bit, 8))), highSum)
            }
        }
    }

    function _littleEndian(uint32 value) private pure returns (bytes4) {
        return
            bytes4(
                ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >> 24)
            );
    }

    function _isPowerOfTwo(uint256 value) private pure returns (bool) {
        return value != 0 && value & (value - 1) == 0;
    }

    /// @dev Whether a tree of `leaves` has paths of `length`.
    function _spans(uint256 length, uint256 leaves) private pure returns (bool) {
        return length < 17 && 1 << length == leaves;
    }
}
