// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MountainRange} from "../../core/libraries/MountainRange.sol";
import {Sha256Tree} from "../../core/libraries/Sha256Tree.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId} from "../types/StorageTypes.sol";

/// @title Openings
/// @notice The packed form in which a node opens two samples, and the tree over all of them. See IStorageAudits.
/// @dev A head is read as one word, whatever follows it: its fields count only once the length that they name was checked.
library Openings {
    /// @dev Bytes of a void opening.
    uint256 internal constant VOID_BYTES = 9;
    /// @dev Bytes of one that names a case.
    uint256 internal constant CASE_BYTES = 17;
    /// @dev Where the RLC root and the row stand in a row's opening.
    uint256 private constant RLC_ROOT_AT = 27;
    uint256 private constant ROW_AT = 59;
    uint256 private constant ROW_UNIT = 64;
    uint256 private constant WORD = 32;
    uint256 private constant STRIPS_LOG = 8;
    uint256 private constant MOST_ROWS_LOG = 16;
    /// @dev Siblings of a pair of SampleDraw.SAMPLES samples: nine.
    uint256 internal constant TREE_BYTES = 288;

    enum Kind {
        Row,
        VoidByBatch,
        VoidByCase,
        Unknown
    }

    /// @param start units of the batch before the segment
    /// @param offset first byte of the segment's commitment
    /// @param rowUnits row size in units of 64 bytes
    /// @param siblings of the segment in its batch
    struct Head {
        uint256 segment;
        uint256 start;
        uint256 offset;
        uint256 logK;
        uint256 logRows;
        uint256 rowUnits;
        uint256 siblings;
    }

    /* READING */

    /// @notice What every opening starts with.
    function kindOf(bytes calldata self) internal pure returns (Kind kind, BatchId batch) {
        uint256 word = _load(self);
        uint256 number = word >> 248;
        kind = number < uint256(Kind.Unknown) ? Kind(number) : Kind.Unknown;
        batch = BatchId.wrap(uint64(word >> 184));
    }

    /// @notice The case that a void opening names.
    function caseOf(bytes calldata self) internal pure returns (CaseId) {
        return CaseId.wrap(uint64(_load(self) >> 120));
    }

    function headOf(bytes calldata self) internal pure returns (Head memory) {
        uint256 word = _load(self);
        return
            Head({
                segment: uint32(word >> 152),
                start: uint64(word >> 88),
                offset: uint8(word >> 80),
                logK: uint8(word >> 72),
                logRows: uint8(word >> 64),
                rowUnits: uint16(word >> 48),
                siblings: uint8(word >> 40)
            });
    }

    /// @dev `count` words from byte `from` on, which must be there.
    function _wordsAt(
        bytes calldata self,
        uint256 from,
        uint256 count
    ) private pure returns (bytes32[] calldata words) {
        assembly ("memory-safe") {
            words.offset := add(self.offset, from)
            words.length := count
        }
    }

    function _load(bytes calldata self) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(self.offset)
        }
    }

    /* SIZES */

    /// @notice Whether a segment can have such a shape: some parity, and one row or more for each of 256 strips.
    function hasShape(Head memory head) internal pure returns (bool) {
        return head.logRows >= STRIPS_LOG && head.logRows <= MOST_ROWS_LOG && head.logK < head.logRows;
    }

    // Fields of 32 bits at most, of shapes that `hasShape` has passed, don't overflow a word.

    function rowBytes(Head memory head) internal pure returns (uint256) {
        unchecked {
            return head.rowUnits * ROW_UNIT;
        }
    }

    function rowsPerStrip(Head memory head) internal pure returns (uint256) {
        unchecked {
            return 1 << (head.logRows - STRIPS_LOG);
        }
    }

    /// @notice Units of the segment: those of each of its strips.
    function units(Head memory head) internal pure returns (uint256) {
        unchecked {
            return rowsPerStrip(head) * head.rowUnits;
        }
    }

    /// @notice Bytes of the whole opening.
    function sizeOf(Head memory head) internal pure returns (uint256) {
        unchecked {
            return ROW_AT + rowBytes(head) + WORD * (head.logRows + head.siblings);
        }
    }

    /* ROWS */

    /// @param self the whole opening
    function rowIn(bytes calldata self, Head memory head) internal pure returns (bytes calldata row) {
        uint256 size = rowBytes(head);
        assembly ("memory-safe") {
            row.offset := add(self.offset, ROW_AT)
            row.length := size
        }
    }

    /// @notice Whether the row is row `index` of a segment that is where its head says, in a batch of so many with that root.
    /// @param self the whole opening
    function isRowOf(
        bytes calldata self,
        Head memory head,
        uint256 index,
        uint256 segments,
        bytes32 root
    ) internal view returns (bool) {
        bytes32 commitment = _commitmentOf(self, head, index);
        if (uint8(commitment[0]) != head.offset) return false;
        uint256 k = 1 << head.logK;
        // As IStorageLog.segmentLeaf.
        bytes32 leaf = keccak256(
            abi.encode(commitment, k, (1 << head.logRows) - k, rowBytes(head), head.start)
        );
        bytes32[] calldata path = _wordsAt(self, self.length - WORD * head.siblings, head.siblings);
        return MountainRange.verify(leaf, head.segment, segments, root, path);
    }

    /// @return commitment that the row leads to as row `index`
    function _commitmentOf(
        bytes calldata self,
        Head memory head,
        uint256 index
    ) private view returns (bytes32 commitment) {
        bytes calldata row = rowIn(self, head);
        bytes32[] calldata path = _wordsAt(self, ROW_AT + row.length, head.logRows);
        bytes32 rowRoot = Sha256Tree.climb(Sha256Tree.hashLeaf(row), index, path);
        return Sha256Tree.join(rowRoot, _wordsAt(self, RLC_ROOT_AT, 1)[0]);
    }

    /* SAMPLES' TREE */

    /// @notice Root of the tree over a node's samples in which those numbered `even` and `even` + 1 have these values.
    /// @param siblings of the node above both, TREE_BYTES of them, bottom to top
    function rootOver(
        uint256 even,
        bytes32 first,
        bytes32 second,
        bytes calldata siblings
    ) internal pure returns (bytes32 root) {
        root = MountainRange.hashNode(MountainRange.hashLeaf(first), MountainRange.hashLeaf(second));
        // As in Sha256Tree.climb: prefix, left, right; each hash lands where the next node wants it.
        assembly ("memory-safe") {
            let node := mload(0x40)
            let children := add(node, 1)
            mstore8(node, 0x01)
            let end := add(siblings.offset, TREE_BYTES)
            for {
                let sibling := siblings.offset
            } lt(sibling, end) {
                sibling := add(sibling, 0x20)
            } {
                even := shr(1, even)
                let side := shl(5, and(even, 1))
                mstore(add(children, side), root)
                mstore(add(children, xor(side, 0x20)), calldataload(sibling))
                root := keccak256(node, 0x41)
            }
        }
    }
}
