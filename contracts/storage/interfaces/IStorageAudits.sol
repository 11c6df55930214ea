// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../../core/types/DrawId.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";

/// @notice Once an epoch every storage node proves that it holds its rows, at a cost that doesn't grow with the data.
/// @dev An audit of epoch e (of Parameters) goes through stages; anyone turns the cranks between them and is paid for it.
///
/// 1. `open`, in epoch e: the endowment says the budget, and the beacon is asked for draw A.
/// 2. `seed`, once A is fulfilled (it fulfils A itself if that is possible): members may `commit` for "storage.commitWindow" seconds.
/// 3. `draw`, after that: nothing more can be committed, and the beacon is asked for draw B.
/// 4. `challenge`, once B is fulfilled: members may `answer` for "storage.openWindow" seconds.
/// 5. `settle`, for seats of a committee: pays who has answered, at once; blames who hasn't, after the window and for as long again.
/// 6. `close`, after that: what nobody has proven goes back to the endowment.
///
/// All but the end has to happen in epoch e. When a draw is lost, or the epoch is over before `challenge`, `void` ends the audit:
/// nobody is paid for it or blamed, and the whole rest of the budget goes back. No window is longer than a quarter of an epoch.
///
/// **What is proven.** For epoch e a seat answers for the slots that it owned when epoch e - 1 began, over all units that its
/// committee had when e began. nodeSeed = keccak256(abi.encode(seed of A, committee, seat, operator)). Sample i of 1,024 is
/// h = keccak256(abi.encode(nodeSeed, i)): the slot is number (h >> 128) mod count of the node's `count` slots in rising order, the
/// unit is (h mod 2^128) mod units. A unit (see IStorageLog) names a batch, a segment in it, and one row of every slot; so a
/// sample names one row. When the batch had expired as e began, the next unit is drawn, with keccak256(abi.encode(h)) for h and the
/// slot kept, up to 16 units in all: what has expired doesn't thin audits out. The value of a sample is
/// keccak256(abi.encodePacked(nodeSeed, uint256(i), row)). A *void* sample, of which nothing has to be held, may have the value
/// zero: no certificate covers the slot, a case says so (see IRecoverability), or all 16 batches had expired.
/// The committed root is that of the mountain range (RFC 6962, keccak256) over the 1,024 values. B draws two samples, neighbours so
/// that one path proves both: the first is number 2 * (keccak256(abi.encode(nodeSeed, seed of B)) mod 512). The answer opens both:
/// the row in the segment's commitment, the segment in the batch, the batch in the log, and the values in the committed root.
///
/// **Why it holds.** A value takes the whole row under a seed that nobody knew before, so hashes of rows, another node's values
/// and last epoch's values are worth nothing. Who lacks a share f of its rows passes with probability about (1 - f)^2. Making rows
/// up for the whole sample means to rebuild 1,024 rows, of K rows each, within the commit window.
///
/// **Reward.** A seat that has answered gets budget' * slots * live / (256 * total live) * rows / 2, rounded down: live units of its
/// committee, and of all, when e began; rows is how many of the two samples it has opened as rows. A void one is no fault and earns
/// nothing, or who never signs a receipt would be paid for holding nothing; budget' is the budget less "storage.crankBps" of it, out of which cranks and each blame found earn
/// "storage.crankReward" while it lasts.
///
/// **Blame.** A miss costs the epoch's reward. Missing more than "storage.missesAllowed" times without an answer between costs
/// "storage.missSlashBps" of what is slashable, each time; "storage.reporterBps" of that goes to who settled. A bond that is short
/// lets anyone evict the member from Committees. Who doesn't show a row that a case asks for has missed, too: of all misses of a
/// seat in an epoch one counts.
interface IStorageAudits {
    /* TYPES */

    enum Stage {
        None,
        Seeding,
        Committing,
        Drawing,
        Answering,
        Closed,
        Void
    }

    /// @param stage where the audit stands
    /// @param crankBps share of the budget that was set aside for cranks
    /// @param deadline last second of the running window; zero when none runs
    /// @param settleUntil last second at which seats may be settled; zero before `challenge`
    /// @param draw the beacon's draw of the stage: A in Seeding, B in Drawing and after
    /// @param seedA decides the samples; zero before Committing
    /// @param seedB decides which of them are opened; zero before Answering
    /// @param budget of the endowment for the epoch, wei
    /// @param crankLeft wei that cranks may still earn
    struct Audit {
        Stage stage;
        uint16 crankBps;
        uint64 deadline;
        uint64 settleUntil;
        DrawId draw;
        bytes32 seedA;
        bytes32 seedB;
        uint128 budget;
        uint128 crankLeft;
    }

    /// @dev Missed: settled without an answer, or found by a case.
    enum Standing {
        None,
        Committed,
        Answered,
        Paid,
        Missed
    }

    /// @notice What `commit` fixed besides the root; `SamplesCommitted` tells all of it.
    /// @param nodeSeed see above
    /// @param units of the committee when the epoch began
    /// @param liable slots of the seat, bit s for slot s
    struct Sheet {
        uint64 epoch;
        CommitteeId committee;
        uint8 seat;
        bytes32 nodeSeed;
        uint64 units;
        uint256 liable;
    }

    /* ERRORS */

    /// @notice Thrown when an audit is not in the stage that the call needs.
    error StorageAudits_WrongStage(uint256 epoch, Stage stage, Stage wanted);
    /// @notice Thrown when an audit is opened, seeded or challenged in another epoch than its own.
    error StorageAudits_NotCurrentEpoch(uint256 epoch, uint256 current);
    /// @notice Thrown when a window or an epoch must be over first, after second `until`.
    error StorageAudits_TooEarly(uint256 epoch, uint256 until);
    /// @notice Thrown when the window ended at second `deadline`.
    error StorageAudits_TooLate(uint256 epoch, uint256 deadline);
    /// @notice Thrown when an audit is voided that can still go on.
    error StorageAudits_NotLost(uint256 epoch);
    /// @notice Thrown when the caller is neither the seat's operator nor its signer.
    error StorageAudits_NotTheMember(CommitteeId committee, uint8 seat, address caller);
    /// @notice Thrown when a seat has no slots to answer for.
    error StorageAudits_NotLiable(uint256 epoch, CommitteeId committee, uint8 seat);
    /// @notice Thrown when a committee had no units when the epoch began.
    error StorageAudits_NothingToProve(uint256 epoch, CommitteeId committee);
    error StorageAudits_ZeroRoot();
    error StorageAudits_AlreadyCommitted(uint256 epoch, CommitteeId committee, uint8 seat);
    error StorageAudits_AlreadyAnswered(uint256 epoch, CommitteeId committee, uint8 seat);
    error StorageAudits_NotCommitted(uint256 epoch, CommitteeId committee, uint8 seat);
    /// @notice Thrown when no seat is named that isn't settled yet.
    error StorageAudits_AlreadySettled(uint256 epoch, CommitteeId committee, uint256 seats);
    /// @notice Thrown when `length` bytes are left for a part of the openings that takes `needed`, or the part is of no known kind.
    error StorageAudits_Malformed(uint256 length, uint256 needed);
    /// @notice Thrown when `unit` isn't in the batch named for it.
    error StorageAudits_WrongBatch(BatchId batch, uint256 unit);
    /// @notice Thrown when `unit` isn't in the segment named for it, or no segment has such a shape.
    error StorageAudits_WrongSegment(BatchId batch, uint256 segment, uint256 unit);
    /// @notice Thrown when a row isn't row `index` of a segment that is number `segment` of the batch.
    error StorageAudits_WrongRow(BatchId batch, uint256 segment, uint256 index);
    /// @notice Thrown when a row is opened of a batch that had expired: the next unit has to be.
    error StorageAudits_ExpiredBatch(BatchId batch, uint256 expiry);
    /// @notice Thrown when a sample is called void that isn't.
    error StorageAudits_NotVoid(BatchId batch, uint256 slot);
    /// @notice Thrown when a sample is called void by a case that doesn't make it so.
    error StorageAudits_NotVoidByCase(CaseId id, uint256 unit);
    /// @notice Thrown when the caller isn't the contract of the cases.
    error StorageAudits_OnlyCases(address caller);
    /// @notice Thrown when the openings lead to `root`, and that wasn't committed with this sheet.
    error StorageAudits_WrongRoot(bytes32 root);
    /// @notice Thrown when an address that must be named is zero.
    error StorageAudits_ZeroAddress();

    /* EVENTS */

    event AuditOpened(uint256 indexed epoch, DrawId draw, uint256 budget);
    event AuditSeeded(uint256 indexed epoch, bytes32 seedA, uint256 deadline);
    event AuditDrawn(uint256 indexed epoch, DrawId draw);
    event AuditChallenged(uint256 indexed epoch, bytes32 seedB, uint256 deadline, uint256 settleUntil);
    event AuditClosed(uint256 indexed epoch, uint256 returned);
    event AuditVoided(uint256 indexed epoch, uint256 returned);
    event CrankPaid(uint256 indexed epoch, address indexed account, uint256 amount);
    event SamplesCommitted(
        uint256 indexed epoch,
        CommitteeId indexed committee,
        uint8 indexed seat,
        address operator,
        bytes32 root,
        bytes32 nodeSeed,
        uint64 units,
        uint256 liable
    );
    /// @param rows opened, of two samples; the others are void
    event SamplesProven(
        uint256 indexed epoch,
        CommitteeId indexed committee,
        uint8 indexed seat,
        uint256 rows
    );
    event SeatRewarded(
        uint256 indexed epoch,
        CommitteeId indexed committee,
        uint8 indexed seat,
        address operator,
        uint256 amount
    );
    /// @param misses in a row, with this one
    /// @param slashed wei
    event SeatMissed(
        uint256 indexed epoch,
        CommitteeId indexed committee,
        uint8 indexed seat,
        address operator,
        uint256 misses,
        uint256 slashed
    );

    /* EPOCHS */

    /// @notice Starts the audit of the current epoch. Anyone may call, once.
    function open(uint256 epoch) external returns (DrawId id);
    /// @notice Takes draw A, fulfilling it if nobody has, and lets members commit. Anyone may call, in the epoch.
    function seed(uint256 epoch) external;
    /// @notice Ends the commit window and asks for draw B. Anyone may call, in the epoch.
    function draw(uint256 epoch) external returns (DrawId id);
    /// @notice Takes draw B, fulfilling it if nobody has, and lets members answer. Anyone may call, in the epoch.
    function challenge(uint256 epoch) external;
    /// @notice Gives back what nobody has proven. Anyone may call after `settleUntil`.
    function close(uint256 epoch) external;
    /// @notice Ends an audit whose draw is lost, or whose epoch was over before `challenge`. Anyone may call.
    function void(uint256 epoch) external;

    /* MEMBERS */

    /// @notice Commits a seat's samples. Caller is the operator or its signer.
    /// @param root of the mountain range over the 1,024 values
    function commit(uint64 epoch, CommitteeId committee, uint8 seat, bytes32 root) external;
    /// @notice Opens the two samples drawn. Anyone may call: only who holds the rows can.
    /// @dev Openings are packed, integers big-endian. First the even number's, then the other's, then siblings:
    /// - row held: 0x00, batch u64, segment u32, units of the batch before the segment u64, first byte of the commitment u8, log2 K
    ///   u8, log2 of all rows u8, row size / 64 u16, number of segment siblings u8, rlcRoot 32, row, log2 rows row siblings (SHA-256,
    ///   bottom to top), segment siblings (RFC 9162 path of the leaf in the batch's root);
    /// - batch expired: 0x01, batch u64; the next unit's opening follows, unless this is the sixteenth;
    /// - slot not covered: 0x01, batch u64;
    /// - void by a case: 0x02, batch u64, case u64;
    /// - siblings: nine, of the node above both values, bottom to top.
    /// @param sheet what was committed
    function answer(Sheet calldata sheet, bytes calldata openings) external;
    /// @notice Pays or blames seats of a committee: those that have answered at any time before `close`, the others after the window.
    /// Anyone may call. Leaves alone what is settled already.
    /// @param seats bit i for seat i
    function settle(uint256 epoch, CommitteeId committee, uint256 seats) external;

    /* CASES */

    /// @notice Records that seats of a committee have missed in an epoch, which costs its reward where that isn't paid yet. Only the
    /// contract of the cases calls.
    /// @param seats bit i for seat i
    /// @param reporter who gets the reporter's part of a slash
    function blame(uint256 epoch, CommitteeId committee, uint256 seats, address reporter) external;

    /* VIEWS */

    function auditOf(uint256 epoch) external view returns (Audit memory);
    function standingOf(uint256 epoch, CommitteeId committee, uint8 seat) external view returns (Standing);
    /// @notice Seats of a committee that are settled, bit i for seat i.
    function settledSeats(uint256 epoch, CommitteeId committee) external view returns (uint256);
    /// @notice Misses of an operator in a row, and the epoch of the last of them. An answer since then ends the row.
    function missesOf(address operator) external view returns (uint256 misses, uint256 lastMissed);
}
