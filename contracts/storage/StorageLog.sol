// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {BLS} from "../core/libraries/BLS.sol";
import {MountainRange} from "../core/libraries/MountainRange.sol";
import {Rsema1d} from "../core/libraries/Rsema1d.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IEndowment} from "./interfaces/IEndowment.sol";
import {IStorageLog} from "./interfaces/IStorageLog.sol";
import {SlotSet} from "./libraries/SlotSet.sol";
import {LogUnits} from "./log/LogUnits.sol";
import {BatchId, CommitteeId} from "./types/StorageTypes.sol";

/// @title StorageLog
/// @notice What was published, when, by whom, for how long, that it was paid, and who holds it.
contract StorageLog is LogUnits, EIP712, ReentrancyGuardTransient {
    using MountainRange for MountainRange.Range;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using SlotSet for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 public constant MAX_SEGMENTS = 65_536;
    /// @notice Smallest segment: one row of 64 bytes for each of 256 slots.
    uint256 public constant MIN_SEGMENT_UNITS = 1;
    /// @notice Largest segment: 16 MiB of coded rows, as of 4 MiB with three parity rows for each original one.
    uint256 public constant MAX_SEGMENT_UNITS = 1_024;
    /// @notice Covered slots from which on a batch is final: 70 %.
    uint256 public constant FINAL_SLOTS = 180;
    /// @notice Covered slots from which on a batch is full: 90 %.
    uint256 public constant FULL_SLOTS = 231;
    uint256 private constant UNITS_PER_GIB = 2 ** 16;
    uint256 private constant BPS = 10_000;
    uint256 private constant MONTH = 30 days;
    uint256 private constant YEAR = 365 days;
    bytes32 private constant LEASE_PRICE = "storage.leasePricePerGiB";
    bytes32 private constant RELEASE_RATE = "storage.releaseRate";
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "BatchReceipt(uint16 committee,uint32 version,bytes32 root,uint32 segments,uint64 units)"
    );

    IERC20 public immutable token;
    IParameters public immutable parameters;
    IModules public immutable modules;
    ICommittees public immutable committees;
    IEndowment public immutable endowment;

    /* STORAGE */

    MountainRange.Range private _range;
    mapping(BatchId id => Batch) private _batches;
    /// @inheritdoc IStorageLog
    mapping(BatchId id => uint256) public coverageOf;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 in which fees are paid
    constructor(
        IERC20 settlementToken,
        IParameters parameters_,
        IModules modules_,
        ICommittees committees_,
        IEndowment endowment_
    ) LogUnits(parameters_) EIP712("Mycelia StorageLog", "1") {
        token = settlementToken;
        parameters = parameters_;
        modules = modules_;
        committees = committees_;
        endowment = endowment_;
    }

    /* PUBLISHING */

    /// @inheritdoc IStorageLog
    function append(
        Order calldata order,
        uint256 maxFee
    ) external nonReentrant returns (BatchId id, uint256 fee) {
        fee = _requireTakable(order, maxFee);
        uint256 endEpoch;
        (id, endEpoch) = _record(order, fee);
        _collect(order, endEpoch, fee);
    }

    /// @inheritdoc IStorageLog
    function appendCertified(
        Order calldata order,
        Certificate calldata certificate,
        uint256 maxFee
    ) external nonReentrant returns (BatchId id, uint256 fee) {
        fee = _requireTakable(order, maxFee);
        uint256 slots = _signedSlots(order.committee, order.root, order.segments, order.units, certificate);
        uint256 endEpoch;
        (id, endEpoch) = _record(order, fee);
        _cover(id, slots);
        _collect(order, endEpoch, fee);
    }

    /// @dev The log can't look into a batch; units that no coding has would be a fee for something else.
    function _requireTakable(Order calldata order, uint256 maxFee) private view returns (uint256 fee) {
        require(modules.takesNewBusiness(address(this)), StorageLog_NewBusinessStopped());
        uint256 segments = order.segments;
        require(order.root != 0 && segments != 0, StorageLog_EmptyBatch());
        require(segments <= MAX_SEGMENTS, StorageLog_TooManySegments(segments, MAX_SEGMENTS));
        (uint256 min, uint256 max) = (segments * MIN_SEGMENT_UNITS, segments * MAX_SEGMENT_UNITS);
        require(order.units >= min && order.units <= max, StorageLog_UnitsOutOfRange(order.units, min, max));
        CommitteeId committee = order.committee;
        require(
            CommitteeId.unwrap(committee) < committees.committeeCount(),
            StorageLog_UnknownCommittee(committee)
        );
        fee = feeUp(order.units, order.months);
        require(fee <= maxFee, StorageLog_FeeAboveMax(fee, maxFee));
    }

    /// @return id position in the log
    /// @return endEpoch first epoch in which nobody need hold the batch; zero when somebody always must
    function _record(Order calldata order, uint256 fee) private returns (BatchId id, uint256 endEpoch) {
        // The epoch of the append is not paid for and doesn't count; after it the whole term runs.
        if (order.months != 0)
            endEpoch = _currentEpoch() + 1 + Math.ceilDiv(order.months * MONTH, EPOCH_LENGTH);
        uint40 expiry = (endEpoch * EPOCH_LENGTH).toUint40();
        uint64 firstUnit = _addUnits(order.committee, order.units, endEpoch);
        Batch memory batch = Batch({
            root: order.root,
            committee: order.committee,
            segments: order.segments,
            firstUnit: firstUnit,
            units: order.units,
            expiry: expiry,
            owner: msg.sender,
            timestamp: block.timestamp.toUint40()
        });

        id = BatchId.wrap(_range.append(_hash(batch)).toUint64());
        _batches[id] = batch;
        emit BatchAppended(
            id,
            batch.root,
            msg.sender,
            batch.committee,
            batch.segments,
            firstUnit,
            batch.units,
            expiry,
            fee,
            _range.root()
        );
    }

    function _collect(Order calldata order, uint256 endEpoch, uint256 fee) private {
        token.safeTransferFrom(msg.sender, address(endowment), fee);
        if (endEpoch == 0) endowment.deposit(order.units, 0, 0, fee);
        else endowment.deposit(order.units, _currentEpoch() + 1, endEpoch - 1, fee);
    }

    /* CERTIFICATES */

    /// @inheritdoc IStorageLog
    function certify(BatchId id, Certificate calldata certificate) external {
        Batch storage batch = _known(id);
        uint256 expiry = batch.expiry;
        require(expiry == 0 || block.timestamp < expiry, StorageLog_Expired(id, expiry));
        uint256 slots = _signedSlots(batch.committee, batch.root, batch.segments, batch.units, certificate);
        _cover(id, slots);
    }

    /// @return slots of the members that the certificate proves to have signed
    function _signedSlots(
        CommitteeId committee,
        bytes32 root,
        uint32 segments,
        uint64 units,
        Certificate calldata certificate
    ) private view returns (uint256 slots) {
        uint32 version = committees.versionOf(committee);
        require(
            certificate.version == version,
            StorageLog_WrongVersion(committee, certificate.version, version)
        );
        BLS.G1 memory key;
        (key, slots) = committees.signers(committee, certificate.missing);
        bytes32 digest = receiptDigest(committee, version, root, segments, units);
        require(
            BLS.verify(key, digest, certificate.signature),
            StorageLog_InvalidCertificate(committee, root)
        );
    }

    function _cover(BatchId id, uint256 slots) private {
        uint256 before = coverageOf[id];
        uint256 covered = before | slots;
        require(covered != before, StorageLog_NothingNew(id));
        uint256 count = covered.size();
        require(count >= FINAL_SLOTS, StorageLog_TooFewSlots(count, FINAL_SLOTS));

        coverageOf[id] = covered;
        emit BatchCertified(id, covered);
    }

    /* VIEWS */

    /// @inheritdoc IStorageLog
    function feeUp(uint64 units, uint16 months) public view returns (uint256) {
        uint256 permanentFee = endowment.permanentUp(units);
        if (months == 0) return permanentFee;
        uint256 price = parameters.get(LEASE_PRICE);
        uint256 leaseFee = Math.mulDiv(uint256(units) * months, price, UNITS_PER_GIB, Math.Rounding.Ceil);
        uint256 share = months * MONTH * parameters.get(RELEASE_RATE);
        return Math.max(leaseFee, Math.mulDiv(permanentFee, share, BPS * YEAR, Math.Rounding.Ceil));
    }

    /// @inheritdoc IStorageLog
    function batchAt(BatchId id) external view returns (Batch memory) {
        return _known(id);
    }

    /// @inheritdoc IStorageLog
    function spanOf(BatchId id) external view returns (Span memory) {
        Batch storage batch = _batches[id];
        return Span(batch.root, batch.committee, batch.segments, batch.firstUnit, batch.units, batch.expiry);
    }

    /// @inheritdoc IStorageLog
    function stateOf(BatchId id) external view returns (State) {
        if (BatchId.unwrap(id) >= _range.count) return State.None;
        uint256 slots = coverageOf[id].size();
        if (slots >= FULL_SLOTS) return State.Full;
        return slots >= FINAL_SLOTS ? State.Final : State.Accepted;
    }

    /// @inheritdoc IStorageLog
    function segmentLeaf(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        uint64 start
    ) external pure returns (bytes32) {
        return keccak256(abi.encode(commitment, shape.k, shape.n, shape.rowSize, start));
    }

    /// @inheritdoc IStorageLog
    function receiptDigest(
        CommitteeId committee,
        uint32 version,
        bytes32 root,
        uint32 segments,
        uint64 units
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(abi.encode(RECEIPT_TYPEHASH, committee, version, root, segments, units))
            );
    }

    /// @inheritdoc IStorageLog
    function logRoot() external view returns (bytes32) {
        return _range.root();
    }

    /// @inheritdoc IStorageLog
    function batchCount() external view returns (uint256) {
        return _range.count;
    }

    /// @inheritdoc IStorageLog
    function batchHash(Batch calldata batch) external pure returns (bytes32) {
        return _hash(batch);
    }

    /// @inheritdoc IStorageLog
    function verify(
        Batch calldata batch,
        BatchId id,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return MountainRange.verify(_hash(batch), BatchId.unwrap(id), count, root, proof);
    }

    function _hash(Batch memory batch) private pure returns (bytes32) {
        return keccak256(abi.encode(batch));
    }

    function _known(BatchId id) private view returns (Batch storage) {
        require(BatchId.unwrap(id) < _range.count, StorageLog_UnknownBatch(id));
        return _batches[id];
    }
}
