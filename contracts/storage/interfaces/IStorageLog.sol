// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BLS} from "../../core/libraries/BLS.sol";
import {Rsema1d} from "../../core/libraries/Rsema1d.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";

/// @notice Append-only log of published batches. A batch is some segments of one committee, paid for a term or for ever.
/// @dev A *unit* is 64 bytes of rows for each of 256 slots, so 16 KiB of coded rows: a segment of shape (k, n, rowSize) has
/// (k + n) / 256 * rowSize / 64 units. A batch's root is the mountain range (see core/libraries/MountainRange) over its segments'
/// leaves, keccak256(abi.encode(commitment, k, n, rowSize, start)), start being the units of the segments before it in the batch.
/// A batch says how many units of its committee came before it. So a number below a committee's units names one segment and one
/// row of every slot of it; audits draw such numbers.
///
/// The log can't look into a root. A batch counts by who stands behind it: members of its committee that hold their rows of all
/// its segments sign `receiptDigest` with their BLS keys, and one aggregate signature covers their slots. Only what is covered is
/// audited, and only its coverage makes a batch final.
///
/// Batches are stored, so that an audit opens one at the same cost however long the log is; the mountain range over all of them is
/// for proofs against any later root. Fees go to the Endowment: this contract holds no money.
interface IStorageLog {
    /// @dev Accepted: appended and paid. Final: at least 180 of 256 slots are covered (70 %). Full: at least 231 (90 %).
    enum State {
        None,
        Accepted,
        Final,
        Full
    }

    /// @param root mountain-range root over the segments' leaves
    /// @param committee whose members hold the rows
    /// @param segments number of segments, 1 to 65,536
    /// @param units of all segments together
    /// @param months of 30 days that are paid for; 0 = for ever
    struct Order {
        bytes32 root;
        CommitteeId committee;
        uint32 segments;
        uint64 units;
        uint16 months;
    }

    /// @param firstUnit units of the committee's earlier batches
    /// @param expiry timestamp from which nobody need hold it, the end of an epoch; 0 = never
    /// @param owner who appended and paid
    /// @param timestamp of the append, seconds
    struct Batch {
        bytes32 root;
        CommitteeId committee;
        uint32 segments;
        uint64 firstUnit;
        uint64 units;
        uint40 expiry;
        address owner;
        uint40 timestamp;
    }

    /// @notice Part of a batch; see there.
    struct Span {
        bytes32 root;
        CommitteeId committee;
        uint32 segments;
        uint64 firstUnit;
        uint64 units;
        uint40 expiry;
    }

    /// @param version of the committee's owner table that was signed
    /// @param missing bit i is set when the member in seat i did not sign
    /// @param signature sum of all others' signatures of `receiptDigest`
    struct Certificate {
        uint32 version;
        uint256 missing;
        BLS.G2 signature;
    }

    /// @notice Thrown when a batch has no root or no segments.
    error StorageLog_EmptyBatch();
    /// @notice Thrown when a batch has more segments than one append may publish.
    error StorageLog_TooManySegments(uint256 segments, uint256 max);
    /// @notice Thrown when no coding of that many segments can have that many units.
    error StorageLog_UnitsOutOfRange(uint256 units, uint256 min, uint256 max);
    /// @notice Thrown when no such committee is open.
    error StorageLog_UnknownCommittee(CommitteeId committee);
    /// @notice Thrown when the price has risen above what the caller accepts.
    error StorageLog_FeeAboveMax(uint256 fee, uint256 maxFee);
    /// @notice Thrown when a successor, or nobody, takes new batches.
    error StorageLog_NewBusinessStopped();
    error StorageLog_UnknownBatch(BatchId id);
    /// @notice Thrown when a certificate comes for a batch that nobody need hold any more.
    error StorageLog_Expired(BatchId id, uint256 expiry);
    /// @notice Thrown when a committee's table has changed since a certificate was signed: members sign again.
    error StorageLog_WrongVersion(CommitteeId committee, uint32 version, uint32 current);
    /// @notice Thrown when the aggregate signature isn't that of all members but the missing ones.
    error StorageLog_InvalidCertificate(CommitteeId committee, bytes32 root);
    /// @notice Thrown when a certificate would leave a batch covered by too few slots to count.
    error StorageLog_TooFewSlots(uint256 slots, uint256 min);
    /// @notice Thrown when a certificate covers nothing that wasn't covered.
    error StorageLog_NothingNew(BatchId id);
    /// @notice Thrown when units of an epoch are asked for that has not begun, so that they may still grow.
    error StorageLog_EpochAhead(uint256 epoch, uint256 current);
    /// @notice Thrown when live units are asked for of an epoch that `roll` has not reached.
    error StorageLog_NotRolled(uint256 epoch, uint256 rolledTo);

    /// @dev With the block's timestamp, all fields of the batch; `logRoot` is the root right after this append.
    event BatchAppended(
        BatchId indexed id,
        bytes32 indexed root,
        address indexed owner,
        CommitteeId committee,
        uint32 segments,
        uint64 firstUnit,
        uint64 units,
        uint40 expiry,
        uint256 fee,
        bytes32 logRoot
    );
    /// @param slots all that are covered by now, bit s for slot s
    event BatchCertified(BatchId indexed id, uint256 slots);

    /// @notice Appends a batch and sends its fee from the caller's allowance to the endowment. Nobody stands behind it yet.
    /// @param maxFee highest fee that the caller accepts, wei
    function append(Order calldata order, uint256 maxFee) external returns (BatchId id, uint256 fee);
    /// @notice As `append`, with a certificate in the same transaction.
    function appendCertified(
        Order calldata order,
        Certificate calldata certificate,
        uint256 maxFee
    ) external returns (BatchId id, uint256 fee);
    /// @notice Adds the signers' slots to what is covered, which must then be at least 180 slots. Anyone may call.
    function certify(BatchId id, Certificate calldata certificate) external;
    /// @notice Takes what has expired out of the live units of a committee and of all together, at most `maxEpochs` epochs
    /// further for each. Anyone may turn this crank.
    function roll(CommitteeId committee, uint256 maxEpochs) external;

    /// @notice Fee of so many units now, wei, rounded up. For ever (0 months): what the endowment asks. Leased: parameter
    /// "storage.leasePricePerGiB" for each 65,536 units and month, or what permanent units release in that time, if that is more:
    /// all live units earn alike, so a lease below it would pay whoever leases units for itself.
    function feeUp(uint64 units, uint16 months) external view returns (uint256);
    function batchAt(BatchId id) external view returns (Batch memory);
    /// @notice What positions in a batch are checked against, at less cost than `batchAt`; zero when there is no such batch.
    function spanOf(BatchId id) external view returns (Span memory);
    /// @notice Slots whose owners have signed for a batch, bit s for slot s.
    function coverageOf(BatchId id) external view returns (uint256 slots);
    function stateOf(BatchId id) external view returns (State);

    /// @notice Units of a committee in all batches appended before `epoch` began, expired ones too: what samples are drawn from.
    function unitsAt(CommitteeId committee, uint256 epoch) external view returns (uint64);
    /// @notice Of these, units whose term had not ended when `epoch` began. Needs `roll` up to the epoch.
    function liveUnitsAt(CommitteeId committee, uint256 epoch) external view returns (uint64);
    /// @notice As `liveUnitsAt`, of all committees together.
    function totalLiveUnitsAt(uint256 epoch) external view returns (uint64);

    /// @notice Leaf data of a segment in its batch.
    function segmentLeaf(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        uint64 start
    ) external pure returns (bytes32);
    /// @notice EIP-712 digest that members sign with their BLS keys: type
    /// BatchReceipt(uint16 committee,uint32 version,bytes32 root,uint32 segments,uint64 units), domain
    /// { name: "Mycelia StorageLog", version: "1", chainId, verifyingContract }.
    function receiptDigest(
        CommitteeId committee,
        uint32 version,
        bytes32 root,
        uint32 segments,
        uint64 units
    ) external view returns (bytes32);

    /// @notice Root over all batches so far; zero while there are none.
    function logRoot() external view returns (bytes32);
    function batchCount() external view returns (uint256);
    /// @notice Leaf data of a batch in the log: keccak256(abi.encode(batch)).
    function batchHash(Batch calldata batch) external pure returns (bytes32);
    /// @notice Whether `batch` is entry `id` of the log as it stood with `count` entries and `root`.
    /// @dev Says nothing about whether the log ever had that root: take `count` and `root` from it.
    /// @param proof audit path of RFC 9162, bottom to top
    function verify(
        Batch calldata batch,
        BatchId id,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool);
}
