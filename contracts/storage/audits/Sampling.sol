// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICommittees} from "../interfaces/ICommittees.sol";
import {IRecoverability} from "../interfaces/IRecoverability.sol";
import {IStorageAudits} from "../interfaces/IStorageAudits.sol";
import {IStorageLog} from "../interfaces/IStorageLog.sol";
import {Openings} from "../libraries/Openings.sol";
import {SampleDraw} from "../libraries/SampleDraw.sol";
import {CaseId} from "../types/CaseId.sol";
import {BatchId, CommitteeId} from "../types/StorageTypes.sol";
import {AuditStages} from "./AuditStages.sol";

/// @title Sampling
/// @notice What members commit, and how they open what was drawn of it.
abstract contract Sampling is AuditStages {
    using Openings for bytes;
    using Openings for Openings.Head;
    using SampleDraw for SampleDraw.Sample;

    /* CONSTANTS AND IMMUTABLES */

    /// @dev Samples that an answer opens.
    uint256 internal constant OPENED = 2;
    /// @dev In place of a sheet's hash once it is proven, and with the number of rows opened added.
    uint256 private constant ANSWERED = 1;
    /// @dev Six words of a sheet come right after the selector.
    uint256 private constant SHEET_END = 4 + 6 * 32;

    ICommittees public immutable committees;
    IStorageLog public immutable log;
    IRecoverability public immutable cases;

    /* STORAGE */

    /// @param sheets hash of a seat's sheet and root; once it has proven them, ANSWERED and the rows opened
    /// @param settled seats, bit i for seat i
    /// @param missed seats of which a miss is counted, likewise
    struct Board {
        mapping(uint256 seat => bytes32) sheets;
        uint256 settled;
        uint256 missed;
    }

    /// @param sample that is opened
    /// @param kind of its opening
    /// @param isExpired whether the batch had expired when the epoch began
    /// @param id of the batch that the opening names, with its root, segments and first unit
    struct Named {
        SampleDraw.Sample sample;
        Openings.Kind kind;
        bool isExpired;
        BatchId id;
        bytes32 root;
        uint256 segments;
        uint256 firstUnit;
    }

    mapping(uint256 epoch => mapping(CommitteeId committee => Board)) internal _boards;

    /* CONSTRUCTOR */

    constructor(ICommittees committees_, IStorageLog log_, IRecoverability cases_) {
        require(address(committees_) != address(0), StorageAudits_ZeroAddress());
        require(address(log_) != address(0), StorageAudits_ZeroAddress());
        require(address(cases_) != address(0), StorageAudits_ZeroAddress());
        committees = committees_;
        log = log_;
        cases = cases_;
    }

    /* COMMIT */

    /// @inheritdoc IStorageAudits
    function commit(uint64 epoch, CommitteeId committee, uint8 seat, bytes32 root) external {
        Audit storage audit = _inWindow(epoch, Stage.Committing);
        require(root != 0, StorageAudits_ZeroRoot());
        Board storage board = _boards[epoch][committee];
        require(board.sheets[seat] == 0, StorageAudits_AlreadyCommitted(epoch, committee, seat));
        address operator = _requireMember(committee, seat);
        Sheet memory sheet = Sheet({
            epoch: epoch,
            committee: committee,
            seat: seat,
            nodeSeed: SampleDraw.nodeSeed(audit.seedA, committee, seat, operator),
            units: _requireUnits(epoch, committee),
            liable: committees.liableSlots(committee, seat, epoch)
        });
        require(sheet.liable != 0, StorageAudits_NotLiable(epoch, committee, seat));

        board.sheets[seat] = keccak256(abi.encode(sheet, root));
        _emitCommitted(sheet, operator, root);
    }

    function _emitCommitted(Sheet memory sheet, address operator, bytes32 root) private {
        emit SamplesCommitted(
            sheet.epoch,
            sheet.committee,
            sheet.seat,
            operator,
            root,
            sheet.nodeSeed,
            sheet.units,
            sheet.liable
        );
    }

    /* ANSWER */

    /// @inheritdoc IStorageAudits
    function answer(Sheet calldata sheet, bytes calldata openings) external {
        (uint64 epoch, CommitteeId committee, uint8 seat) = (sheet.epoch, sheet.committee, sheet.seat);
        Audit storage audit = _inWindow(epoch, Stage.Answering);
        mapping(uint256 => bytes32) storage sheets = _boards[epoch][committee].sheets;
        bytes32 committed = sheets[seat];
        require(committed != 0, StorageAudits_NotCommitted(epoch, committee, seat));
        require(!_isAnswer(committed), StorageAudits_AlreadyAnswered(epoch, committee, seat));
        (bytes32 root, uint256 rows) = _rootOpened(
            sheet,
            SampleDraw.pair(sheet.nodeSeed, audit.seedB),
            openings
        );
        // As abi.encode(sheet, root).
        bytes32 proven = keccak256(bytes.concat(msg.data[4:SHEET_END], root));
        require(proven == committed, StorageAudits_WrongRoot(root));

        sheets[seat] = bytes32(ANSWERED + rows);
        emit SamplesProven(epoch, committee, seat, rows);
    }

    /// @return root that the openings of samples `even` and `even` + 1 lead to
    /// @return rows opened; the other samples are void
    function _rootOpened(
        Sheet calldata sheet,
        uint256 even,
        bytes calldata openings
    ) private view returns (bytes32 root, uint256 rows) {
        bytes32 first;
        bytes32 second;
        (first, openings) = _valueOpened(sheet, even, openings);
        (second, openings) = _valueOpened(sheet, even + 1, openings);
        require(
            openings.length == Openings.TREE_BYTES,
            StorageAudits_Malformed(openings.length, Openings.TREE_BYTES)
        );
        if (first != 0) ++rows;
        if (second != 0) ++rows;
        root = Openings.rootOver(even, first, second, openings);
    }

    /// @param rest what starts with the opening of sample `number`
    /// @return value of the sample, zero when it is void
    /// @return left what follows its opening
    function _valueOpened(
        Sheet calldata sheet,
        uint256 number,
        bytes calldata rest
    ) private view returns (bytes32 value, bytes calldata left) {
        Named memory named;
        named.sample.draw(sheet.nodeSeed, number, sheet.liable, sheet.units);
        rest = _passExpired(named, sheet, rest);
        if (named.kind == Openings.Kind.VoidByBatch) {
            bool isVoid = named.isExpired || log.coverageOf(named.id) & (1 << named.sample.slot) == 0;
            require(isVoid, StorageAudits_NotVoid(named.id, named.sample.slot));
            return (0, _from(rest, Openings.VOID_BYTES));
        }
        if (named.kind == Openings.Kind.VoidByCase) {
            left = _from(rest, Openings.CASE_BYTES);
            _requireVoidByCase(sheet, rest.caseOf(), named.sample.unit);
            return (0, left);
        }
        bytes calldata row;
        (row, left) = _rowOpened(named, rest);
        value = SampleDraw.valueOf(sheet.nodeSeed, number, row);
    }

    /// @dev Goes on to the first unit drawn whose batch hadn't expired when the epoch began, or to the last.
    /// @return left what starts with the opening of that unit
    function _passExpired(
        Named memory named,
        Sheet calldata sheet,
        bytes calldata rest
    ) private view returns (bytes calldata left) {
        _name(named, sheet, rest);
        for (uint256 draws = 1; named.isExpired && draws < SampleDraw.DRAWS; ++draws) {
            rest = _from(rest, Openings.VOID_BYTES);
            named.sample.redraw(sheet.units);
            _name(named, sheet, rest);
        }
        return rest;
    }

    /// @dev Reads which batch an opening names, and whether the sample's unit is in it. An expired one is no more than named.
    function _name(Named memory named, Sheet calldata sheet, bytes calldata opening) private view {
        (Openings.Kind kind, BatchId id) = opening.kindOf();
        bool isKnown = kind != Openings.Kind.Unknown;
        require(isKnown, StorageAudits_Malformed(opening.length, Openings.VOID_BYTES));
        IStorageLog.Span memory batch = log.spanOf(id);
        uint256 unit = named.sample.unit;
        // Numbers of 64 bits.
        unchecked {
            bool isWithin =
                batch.committee == sheet.committee &&
                    unit >= batch.firstUnit &&
                    unit - batch.firstUnit < batch.units;
            require(isWithin, StorageAudits_WrongBatch(id, unit));
            uint256 expiry = batch.expiry;
            bool isExpired = expiry != 0 && expiry <= sheet.epoch * EPOCH_LENGTH;
            bool isPassed = kind == Openings.Kind.VoidByBatch;
            require(!isExpired || isPassed, StorageAudits_ExpiredBatch(id, expiry));
            named.isExpired = isExpired;
        }
        (named.kind, named.id) = (kind, id);
        (named.root, named.segments, named.firstUnit) = (batch.root, batch.segments, batch.firstUnit);
    }

    /// @return row that the sample names, proven to be of its segment in the batch
    /// @return left what follows its opening
    function _rowOpened(
        Named memory named,
        bytes calldata rest
    ) private view returns (bytes calldata row, bytes calldata left) {
        Openings.Head memory head = rest.headOf();
        uint256 index = _indexIn(named, head);
        uint256 size = head.sizeOf();
        left = _from(rest, size);
        rest = rest[:size];
        bool isOf = rest.isRowOf(head, index, named.segments, named.root);
        require(isOf, StorageAudits_WrongRow(named.id, head.segment, index));
        row = rest.rowIn(head);
    }

    /// @return index of the row that the sample names in the segment that the head describes
    function _indexIn(Named memory named, Openings.Head memory head) private pure returns (uint256 index) {
        uint256 unit = named.sample.unit;
        // Numbers of 64 bits.
        unchecked {
            uint256 first = named.firstUnit + head.start;
            bool isIn = head.hasShape() && unit >= first && unit - first < head.units();
            require(isIn, StorageAudits_WrongSegment(named.id, head.segment, unit));
            uint256 rowInStrip = (unit - first) / head.rowUnits;
            return SampleDraw.rowAt(named.sample.slot, head.offset, rowInStrip, head.rowsPerStrip());
        }
    }

    function _requireVoidByCase(Sheet calldata sheet, CaseId id, uint256 unit) private view {
        bool isVoid = cases.isVoid(id, sheet.epoch, sheet.committee, sheet.seat, unit);
        require(isVoid, StorageAudits_NotVoidByCase(id, unit));
    }

    function _from(bytes calldata self, uint256 size) private pure returns (bytes calldata) {
        require(size <= self.length, StorageAudits_Malformed(self.length, size));
        return self[size:];
    }

    /* VIEWS */

    /// @inheritdoc IStorageAudits
    function standingOf(uint256 epoch, CommitteeId committee, uint8 seat) external view returns (Standing) {
        Board storage board = _boards[epoch][committee];
        bytes32 committed = board.sheets[seat];
        bool isSettled = (board.settled >> seat) & 1 == 1;
        if (_isAnswer(committed)) {
            if ((board.missed >> seat) & 1 == 1) return Standing.Missed;
            return isSettled ? Standing.Paid : Standing.Answered;
        }
        if (isSettled) return Standing.Missed;
        return committed == 0 ? Standing.None : Standing.Committed;
    }

    /// @inheritdoc IStorageAudits
    function settledSeats(uint256 epoch, CommitteeId committee) external view returns (uint256) {
        return _boards[epoch][committee].settled;
    }

    /// @dev No hash is that small.
    function _isAnswer(bytes32 sheet) internal pure returns (bool) {
        return sheet != 0 && uint256(sheet) <= ANSWERED + OPENED;
    }

    /// @dev Of a seat that has answered.
    function _rowsOpened(bytes32 sheet) internal pure returns (uint256) {
        return uint256(sheet) - ANSWERED;
    }

    /// @dev The operator of a seat, when the caller speaks for it.
    function _requireMember(CommitteeId committee, uint8 seat) internal view returns (address operator) {
        address signer;
        (operator, signer) = committees.holderAt(committee, seat);
        bool isMember = msg.sender == operator || msg.sender == signer;
        require(isMember, StorageAudits_NotTheMember(committee, seat, msg.sender));
    }

    function _requireUnits(uint256 epoch, CommitteeId committee) internal view returns (uint64 units) {
        units = log.unitsAt(committee, epoch);
        require(units != 0, StorageAudits_NothingToProve(epoch, committee));
    }
}
