// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {MountainRange} from "../../core/libraries/MountainRange.sol";
import {ICommittees} from "../interfaces/ICommittees.sol";
import {IRecoverability} from "../interfaces/IRecoverability.sol";
import {IStorageAudits} from "../interfaces/IStorageAudits.sol";
import {IStorageLog} from "../interfaces/IStorageLog.sol";
import {CaseDraw} from "../libraries/CaseDraw.sol";
import {SlotSet} from "../libraries/SlotSet.sol";
import {SlotTable} from "../libraries/SlotTable.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";

/// @title CaseBook
/// @notice What cases are recorded in: who may file one, against which segment, and what it says about samples.
abstract contract CaseBook is IRecoverability {
    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant STRIPS_LOG = 8;
    uint256 private constant MOST_ROWS_LOG = 16;
    uint256 private constant ROW_UNIT = 64;

    IParameters public immutable parameters;
    ICommittees public immutable committees;
    IStorageLog public immutable log;
    IStorageAudits public immutable audits;
    uint256 internal immutable EPOCH_LENGTH;

    /* STORAGE */

    /// @inheritdoc IRecoverability
    uint64 public caseCount;
    mapping(CaseId id => Case) internal _cases;
    /// @inheritdoc IRecoverability
    mapping(BatchId batch => mapping(uint256 segment => mapping(uint8 seat => CaseId))) public latestCase;

    /* CONSTRUCTOR */

    constructor(IParameters parameters_, ICommittees committees_, IStorageLog log_, IStorageAudits audits_) {
        require(address(committees_) != address(0), Recoverability_ZeroAddress());
        require(address(log_) != address(0), Recoverability_ZeroAddress());
        require(address(audits_) != address(0), Recoverability_ZeroAddress());
        parameters = parameters_;
        committees = committees_;
        log = log_;
        audits = audits_;
        EPOCH_LENGTH = parameters_.epochLength();
    }

    /* FILING */

    function _record(Filing calldata filing, uint128 deposit) internal returns (CaseId id) {
        IStorageLog.Span memory batch = log.spanOf(filing.batch);
        CommitteeId committee = batch.committee;
        _requireSegment(filing, batch);
        _requireFiler(filing, committee);
        _requireNoCase(filing);
        uint256 mask = _requireSlots(filing, committee);

        id = CaseId.wrap(++caseCount);
        latestCase[filing.batch][filing.segment][filing.seat] = id;
        Case storage case_ = _cases[id];
        case_.filer = msg.sender;
        case_.epoch = filing.epoch;
        case_.committee = committee;
        case_.seat = filing.seat;
        case_.verdict = Verdict.Pending;
        case_.firstUnit = batch.firstUnit + filing.start;
        case_.deposit = deposit;
        case_.mask = mask;
        _recordSegment(case_, filing);
    }

    function _recordSegment(Case storage case_, Filing calldata filing) private {
        case_.batch = filing.batch;
        case_.segment = filing.segment;
        case_.units = uint64(filing.rowUnits) << uint8(filing.logRows - STRIPS_LOG);
        case_.logRows = filing.logRows;
        case_.rowUnits = filing.rowUnits;
        case_.enough = uint8(Math.max(1, CaseDraw.ASKED >> (filing.logRows - filing.logK)));
        case_.commitment = filing.commitment;
    }

    function _requireSegment(Filing calldata filing, IStorageLog.Span memory batch) private view {
        uint256 expiry = batch.expiry;
        bool isHeld = expiry == 0 || block.timestamp < expiry;
        require(isHeld, Recoverability_Expired(filing.batch, expiry));
        bool isSegment =
            filing.logRows >= STRIPS_LOG &&
                filing.logRows <= MOST_ROWS_LOG &&
                filing.logK < filing.logRows &&
                MountainRange.verify(
                    _leafOf(filing),
                    filing.segment,
                    batch.segments,
                    batch.root,
                    filing.path
                );
        require(isSegment, Recoverability_WrongSegment(filing.batch, filing.segment));
    }

    /// @dev As IStorageLog.segmentLeaf.
    function _leafOf(Filing calldata filing) private pure returns (bytes32) {
        uint256 k = 1 << filing.logK;
        uint256 n = (1 << filing.logRows) - k;
        uint256 rowSize = ROW_UNIT * filing.rowUnits;
        return keccak256(abi.encode(filing.commitment, k, n, rowSize, filing.start));
    }

    /// @dev In the commit window, by a member that hasn't committed.
    function _requireFiler(Filing calldata filing, CommitteeId committee) private view {
        (uint64 epoch, uint8 seat) = (filing.epoch, filing.seat);
        IStorageAudits.Audit memory audit = audits.auditOf(epoch);
        bool isInTime =
            audit.stage == IStorageAudits.Stage.Committing &&
                block.timestamp <= audit.deadline &&
                audits.standingOf(epoch, committee, seat) == IStorageAudits.Standing.None;
        require(isInTime, Recoverability_NotInTime(epoch, seat));
        (address operator, address signer) = committees.holderAt(committee, seat);
        bool isMember = msg.sender == operator || msg.sender == signer;
        require(isMember, Recoverability_NotTheMember(committee, seat, msg.sender));
    }

    function _requireNoCase(Filing calldata filing) private view {
        CaseId latest = latestCase[filing.batch][filing.segment][filing.seat];
        require(!_isOpenOrWon(latest), Recoverability_AlreadyFiled(latest));
    }

    function _isOpenOrWon(CaseId id) internal view returns (bool) {
        Verdict verdict = _cases[id].verdict;
        return verdict == Verdict.Pending || verdict == Verdict.Asking || verdict == Verdict.Unrecoverable;
    }

    /// @return mask slots that may be asked: covered, and answered for by others than the filer
    function _requireSlots(
        Filing calldata filing,
        CommitteeId committee
    ) private view returns (uint256 mask) {
        uint256[8] memory owners = committees.ownersAt(committee, filing.epoch - 1);
        uint256 own = SlotTable.maskOf(owners, filing.seat);
        require(own != 0, Recoverability_NotLiable(filing.epoch, committee, filing.seat));
        mask = log.coverageOf(filing.batch) & ~own & ~SlotTable.maskOf(owners, 0);
        uint256 count = SlotSet.size(mask);
        require(count >= CaseDraw.ASKED, Recoverability_TooFewSlots(count));
    }

    /* VIEWS */

    /// @inheritdoc IRecoverability
    function caseOf(CaseId id) external view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc IRecoverability
    function rowsOf(CaseId id) public view returns (uint32[] memory rows) {
        Case storage case_ = _cases[id];
        if (case_.seed == 0) return rows;
        rows = new uint32[](CaseDraw.ASKED);
        for (uint256 number = 0; number < CaseDraw.ASKED; ++number) {
            // At most 65,536 rows.
            rows[number] = uint32(_rowOf(case_, number));
        }
    }

    /// @inheritdoc IRecoverability
    function isVoid(
        CaseId id,
        uint256 epoch,
        CommitteeId committee,
        uint8 seat,
        uint256 unit
    ) external view returns (bool) {
        Case storage case_ = _cases[id];
        if (case_.committee != committee || case_.seat != seat) return false;
        if (case_.verdict != Verdict.Unrecoverable && case_.epoch != epoch) return false;
        uint256 first = case_.firstUnit;
        return epoch >= case_.epoch && unit >= first && unit - first < case_.units;
    }

    function _rowOf(Case storage case_, uint256 number) internal view returns (uint256) {
        uint256 rowsPerStrip = 1 << (case_.logRows - STRIPS_LOG);
        uint256 offset = uint8(case_.commitment[0]);
        return CaseDraw.rowOf(case_.seed, case_.slots, number, offset, rowsPerStrip);
    }

    function _withVerdict(CaseId id, Verdict wanted) internal view returns (Case storage case_) {
        case_ = _cases[id];
        Verdict verdict = case_.verdict;
        require(verdict == wanted, Recoverability_WrongVerdict(id, verdict, wanted));
    }

    function _currentEpoch() internal view returns (uint256) {
        return block.timestamp / EPOCH_LENGTH;
    }
}
