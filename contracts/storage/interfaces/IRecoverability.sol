// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../../core/types/DrawId.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";

/// @notice Cases against segments that can't be rebuilt any more.
/// @dev A new owner of a slot may find that a segment's rows can't be rebuilt. While it may still commit in the audit of an epoch,
/// and before it does, it may `file` a case, with a deposit of "storage.filingDeposit" wei. The beacon draws 32 of the slots that
/// are covered and that others answer for in that epoch, and a row of each (`ask`); within "storage.openWindow" seconds, a quarter
/// of an epoch at most, anyone may `show` those rows. Then the case is resolved:
///
/// - Fewer rows shown than floor(32 * k / (k + n)), the share of its rows that a segment takes: it counts as unrecoverable. Its
///   samples are void for the filer from then on, and the deposit comes back. Nothing changes for others: silence takes no duty off
///   anybody but who has filed, and what is void earns nothing, so there is nothing to gain by it.
/// - Otherwise the deposit goes to the owners of the rows shown, in equal parts, rounded down. That is all that a filing costs: in
///   the epoch of its case the filer's samples of the segment are void, whoever is right.
///
/// Seats that own a slot asked whose row wasn't shown have missed in that epoch, unless they have a case of their own about the
/// segment that is open, or won.
///
/// seed being that of the case's draw, the i-th slot asked is, with h = keccak256(abi.encode(seed, i)), number (h >> 128) mod
/// count of the `count` slots left in rising order, and its row is number (h mod 2^128) mod (rows a strip) of the slot's strip.
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
    /// @param seed of the draw, from `ask` on
    /// @param slots from `ask` on: byte i, counted from the least significant, is the i-th slot asked
    /// @param seats the owners of these slots, likewise
    /// @param shown bit i is set when the i-th row was shown
    /// @param enough rows shown from which on the segment counts as recoverable
    struct Case {
        address filer;
        uint64 epoch;
        CommitteeId committee;
        uint8 seat;
        Verdict verdict;
        BatchId batch;
        uint32 segment;
        uint64 firstUnit;
        uint64 units;
        DrawId draw;
        uint64 deadline;
        uint8 logRows;
        uint16 rowUnits;
        uint8 enough;
        uint32 shown;
        uint128 deposit;
        bytes32 commitment;
        uint256 mask;
        bytes32 seed;
        uint256 slots;
        uint256 seats;
    }

    /* ERRORS */

    /// @notice Thrown when a case is filed that isn't in the commit window of `epoch`, or after the seat has committed.
    error Recoverability_NotInTime(uint256 epoch, uint8 seat);
    /// @notice Thrown when the caller is neither the seat's operator nor its signer.
    error Recoverability_NotTheMember(CommitteeId committee, uint8 seat, address caller);
    /// @notice Thrown when a seat has no slots to answer for.
    error Recoverability_NotLiable(uint256 epoch, CommitteeId committee, uint8 seat);
    /// @notice Thrown when a segment isn't in the batch, or can't have such a shape.
    error Recoverability_WrongSegment(BatchId batch, uint256 segment);
    /// @notice Thrown when nobody need hold the batch any more.
    error Recoverability_Expired(BatchId batch, uint256 expiry);
    /// @notice Thrown when the seat has a case about the segment that is open, or won.
    error Recoverability_AlreadyFiled(CaseId id);
    /// @notice Thrown when fewer than 32 slots could be asked about a segment.
    error Recoverability_TooFewSlots(uint256 slots);
    error Recoverability_WrongVerdict(CaseId id, Verdict verdict, Verdict wanted);
    /// @notice Thrown when a case is asked for later than in the epoch after its own.
    error Recoverability_NotCurrentEpoch(CaseId id, uint256 epoch, uint256 current);
    /// @notice Thrown when a case has no such row.
    error Recoverability_NotAsked(CaseId id, uint256 number);
    /// @notice Thrown when a row of a case is shown twice.
    error Recoverability_AlreadyShown(CaseId id, uint256 number);
    /// @notice Thrown when a row isn't row `index` of the commitment.
    error Recoverability_WrongRow(bytes32 commitment, uint256 index);
    /// @notice Thrown when a case is to be dropped whose draw can still be taken in time.
    error Recoverability_CaseStands(CaseId id);
    error Recoverability_TooEarly(CaseId id, uint256 deadline);
    error Recoverability_TooLate(CaseId id, uint256 deadline);
    /// @notice Thrown when an address that must be named is zero.
    error Recoverability_ZeroAddress();

    /* EVENTS */

    event CaseFiled(
        CaseId indexed id,
        BatchId indexed batch,
        uint32 segment,
        address indexed filer,
        bytes32 commitment,
        DrawId draw
    );
    /// @param slots as in `Case`; `rows` are the rows asked of these slots, in the same order
    event CaseAsked(CaseId indexed id, uint256 slots, uint32[] rows, uint256 deadline);
    event RowShown(CaseId indexed id, uint256 number, address indexed account);
    event CaseResolved(CaseId indexed id, Verdict verdict, uint256 shown);
    event CreditCollected(address indexed account, address indexed to, uint256 amount);

    /* CASES */

    /// @notice Says that a segment can't be rebuilt. Caller is the operator of a liable seat, or its signer; the deposit is taken from
    /// its allowance, and comes back to it.
    function file(Filing calldata filing) external returns (CaseId id);
    /// @notice Takes the case's draw, fulfilling it if nobody has, and asks for rows. Anyone may call, in the epoch of the case or the next.
    function ask(CaseId id) external;
    /// @notice Shows the row asked of slot number `number`, from 0, of the case. Anyone may call; the credit is the owner's.
    /// @param path siblings in the row tree, bottom to top
    function show(
        CaseId id,
        uint256 number,
        bytes calldata row,
        bytes32[] calldata path,
        bytes32 rlcRoot
    ) external;
    /// @notice Decides a case when its window is over or all rows are shown. Anyone may call, and is the reporter of misses found.
    function resolve(CaseId id) external;
    /// @notice Ends a case whose draw is lost or was not taken in time; its deposit goes to the treasury, or a filer that doesn't
    /// like its draw could wait for that. Anyone may call.
    function drop(CaseId id) external;
    /// @notice Pays out the caller's part of deposits; zero when that is nothing.
    function collect(address to) external returns (uint256 amount);

    /* VIEWS */

    function caseOf(CaseId id) external view returns (Case memory);
    function caseCount() external view returns (uint64);
    /// @notice Whether a case makes a unit's samples void for a seat in the audit of an epoch.
    function isVoid(
        CaseId id,
        uint256 epoch,
        CommitteeId committee,
        uint8 seat,
        uint256 unit
    ) external view returns (bool);
    /// @notice A seat's latest case about a segment; zero when it has none.
    function latestCase(BatchId batch, uint256 segment, uint8 seat) external view returns (CaseId);
    /// @notice The rows asked for in a case, in the order of its slots; empty before `ask`.
    function rowsOf(CaseId id) external view returns (uint32[] memory);
    /// @notice Credit from deposits waiting for `collect`, wei.
    function owed(address account) external view returns (uint256);
    /// @notice Deposits held, open or owed, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
}
