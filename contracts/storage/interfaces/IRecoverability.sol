// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../../core/types/DrawId.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";

/// @notice Cases against segments that can't be rebuilt any more; the part of IStorageAudits that decides them.
/// @dev A new owner of a slot may find that the rows can't be rebuilt any more. Before it commits it may
/// `file` a case against the segment, with a deposit of "storage.filingDeposit" wei. The beacon draws 16 of the slots that others
/// own, that are covered, and a row of each (`ask`); within "storage.openWindow" seconds those rows are shown (`show`), by anyone.
/// Fewer than 8 shown: the segment is unrecoverable, its samples are void from then on, owners that didn't show have missed, and the
/// deposit comes back. Otherwise the deposit goes to the owners of the rows shown, and the filer has missed. While a case is open,
/// its filer's samples of that segment are void in the epoch of the case.
interface IRecoverability {
    /* TYPES */

    /// @param epoch whose commit window is open
    /// @param seat of the filer, in the committee of the batch
    /// @param segment place in the batch
    /// @param logK binary logarithm of the number of original rows
    /// @param logRows binary logarithm of the number of all rows
    /// @param rowUnits row size in units of 64 bytes
    /// @param start units of the batch before the segment
    struct Filing {
        uint64 epoch;
        uint8 seat;
        BatchId batch;
        uint32 segment;
        uint8 logK;
        uint8 logRows;
        uint16 rowUnits;
        uint64 start;
        bytes32 commitment;
        bytes32[] path;
    }

    enum Verdict {
        None,
        Pending,
        Asking,
        Recoverable,
        Unrecoverable,
        Dropped
    }

    /// @param firstUnit first unit of the segment, counted over its committee, and `units` of them
    /// @param mask slots that may be asked: covered, owned, not the filer's
    /// @param asked from `ask` on: byte 2i, counted from the least significant, is the i-th slot asked, byte 2i + 1 its owner's seat
    /// @param shown bit i is set when the i-th row was shown
    struct Case {
        address filer;
        uint64 epoch;
        CommitteeId committee;
        uint8 seat;
        Verdict verdict;
        uint64 firstUnit;
        uint64 units;
        DrawId draw;
        uint64 deadline;
        uint8 logRows;
        uint16 rowUnits;
        uint16 shown;
        uint128 deposit;
        bytes32 commitment;
        uint256 mask;
        bytes32 seed;
        uint256 asked;
    }

    /* ERRORS */

    /// @notice Thrown when fewer than 16 slots could be asked about a segment.
    error StorageAudits_TooFewSlots(uint256 slots);
    /// @notice Thrown when a segment can't have such a shape.
    error StorageAudits_InvalidShape(uint8 logK, uint8 logRows, uint16 rowUnits);
    error StorageAudits_WrongVerdict(CaseId id, Verdict verdict, Verdict wanted);
    /// @notice Thrown when a row of a case is shown twice.
    error StorageAudits_AlreadyShown(CaseId id, uint256 number);
    /// @notice Thrown when a case is to be dropped whose draw can still be fulfilled in time.
    error StorageAudits_CaseStands(CaseId id);
    error StorageAudits_CaseTooEarly(CaseId id, uint256 deadline);
    error StorageAudits_CaseTooLate(CaseId id, uint256 deadline);

    /* EVENTS */

    event CaseFiled(
        CaseId indexed id,
        BatchId indexed batch,
        uint32 segment,
        address indexed filer,
        bytes32 commitment,
        DrawId draw
    );
    /// @param asked as in `Case`; `rows` are the rows asked of these slots, in the same order
    event CaseAsked(CaseId indexed id, uint256 asked, uint32[] rows, uint256 deadline);
    event RowShown(CaseId indexed id, uint256 number, address indexed account);
    event CaseResolved(CaseId indexed id, Verdict verdict, uint256 shown);
    event CreditCollected(address indexed account, address indexed to, uint256 amount);

    /* CASES */

    /// @notice Says that a segment can't be rebuilt. Caller is the operator of a liable seat, or its signer, that hasn't committed yet;
    /// the deposit is taken from the caller's allowance.
    function file(Filing calldata filing) external returns (CaseId id);
    /// @notice Takes the case's draw, fulfilling it if nobody has, and asks for rows. Anyone may call, in the epoch of the case or the next.
    function ask(CaseId id) external;
    /// @notice Shows the row asked of slot number `number` of the case. Anyone may call; the credit is the owner's.
    /// @param path siblings in the row tree, bottom to top
    function show(
        CaseId id,
        uint256 number,
        bytes calldata row,
        bytes32[] calldata path,
        bytes32 rlcRoot
    ) external;
    /// @notice Decides a case when its window is over or all rows are shown. Anyone may call.
    function resolve(CaseId id) external;
    /// @notice Gives the deposit of a case back whose draw is lost or was not taken in time. Anyone may call.
    function drop(CaseId id) external;
    /// @notice Pays out the caller's part of deposits; zero when that is nothing.
    function collect(address to) external returns (uint256 amount);

    /* VIEWS */

    function caseOf(CaseId id) external view returns (Case memory);
    function caseCount() external view returns (uint64);
    /// @notice The rows asked for in a case, in the order of `asked`; empty before `ask`.
    function rowsOf(CaseId id) external view returns (uint32[] memory);
    /// @notice Credit from deposits waiting for `collect`, wei.
    function owed(address account) external view returns (uint256);
    /// @notice Deposits held, open or owed, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
}
