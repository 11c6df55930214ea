// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../core/interfaces/IBeacon.sol";
import {IBonds} from "../core/interfaces/IBonds.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {AuditStages} from "./audits/AuditStages.sol";
import {Sampling} from "./audits/Sampling.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IEndowment} from "./interfaces/IEndowment.sol";
import {IRecoverability} from "./interfaces/IRecoverability.sol";
import {IStorageAudits} from "./interfaces/IStorageAudits.sol";
import {IStorageLog} from "./interfaces/IStorageLog.sol";
import {SlotSet} from "./libraries/SlotSet.sol";
import {SlotTable} from "./libraries/SlotTable.sol";
import {CommitteeId} from "./types/StorageTypes.sol";

/// @title StorageAudits
/// @notice Pays who proves to hold its rows, and blames who doesn't.
contract StorageAudits is Sampling {
    using SafeCast for uint256;
    using SlotSet for uint256;

    /* CONSTANTS AND IMMUTABLES */

    bytes32 private constant MISSES_ALLOWED = "storage.missesAllowed";
    bytes32 private constant SLASH_SHARE = "storage.missSlashBps";
    bytes32 private constant REPORTER_SHARE = "storage.reporterBps";
    /// @dev Epochs of expiries that a settlement catches up with by itself.
    uint256 private constant MAX_ROLLED = 64;

    /// @dev Epochs after which a miss is forgotten, whether the operator has answered since or wasn't asked.
    uint256 private constant MEMORY = 32;

    IBonds public immutable bonds;

    /* STORAGE */

    /// @param lastMissed epoch of the latest miss
    /// @param misses in a row, up to that one
    struct Record {
        uint64 lastMissed;
        uint64 misses;
    }

    mapping(address operator => Record) private _records;

    /* CONSTRUCTOR */

    /// @param source_ of the entropy of both draws
    constructor(
        IBonds bonds_,
        IParameters parameters_,
        IBeacon beacon_,
        IBeacon.Source source_,
        ICommittees committees_,
        IStorageLog log_,
        IEndowment endowment_,
        IRecoverability cases_
    ) AuditStages(parameters_, beacon_, source_, endowment_) Sampling(committees_, log_, cases_) {
        bonds = bonds_;
    }

    /* SETTLEMENT */

    /// @inheritdoc IStorageAudits
    function settle(uint256 epoch, CommitteeId committee, uint256 seats) external {
        Audit storage audit = _inStage(epoch, Stage.Answering);
        _requireUnits(epoch, committee);
        Board storage board = _boards[epoch][committee];
        uint256[8] memory owners = committees.ownersAt(committee, epoch - 1);
        uint256 fresh = _liableSeats(owners, seats & ~board.settled);
        uint256 proven = _answered(board, fresh);
        bool isBlaming = block.timestamp > audit.deadline && block.timestamp <= audit.settleUntil;
        uint256 missed = isBlaming ? fresh & ~proven : 0;
        require(proven | missed != 0, StorageAudits_AlreadySettled(epoch, committee, seats));

        board.settled |= proven | missed;
        uint256 earned = proven & ~board.missed;
        if (earned != 0) _reward(epoch, committee, earned, owners);
        uint256 found = _countMisses(epoch, committee, missed, msg.sender);
        for (; found != 0; --found) _rewardCrank(epoch);
    }

    /// @inheritdoc IStorageAudits
    function blame(uint256 epoch, CommitteeId committee, uint256 seats, address reporter) external {
        require(msg.sender == address(cases), StorageAudits_OnlyCases(msg.sender));
        _countMisses(epoch, committee, seats, reporter);
    }

    /// @return liable those of `seats` that own a slot
    function _liableSeats(uint256[8] memory owners, uint256 seats) private pure returns (uint256 liable) {
        while (seats != 0) {
            uint256 seat = Math.log2(seats);
            seats ^= 1 << seat;
            if (seat != 0 && SlotTable.maskOf(owners, seat) != 0) liable |= 1 << seat;
        }
    }

    function _reward(uint256 epoch, CommitteeId committee, uint256 seats, uint256[8] memory owners) private {
        log.roll(committee, MAX_ROLLED);
        uint256 perSlot = log.liveUnitsAt(committee, epoch) * (BPS - _crankBps(epoch));
        uint256 total = OPENED * SlotTable.SLOTS * BPS * log.totalLiveUnitsAt(epoch);
        while (seats != 0) {
            uint256 seat = Math.log2(seats);
            seats ^= 1 << seat;
            (address operator, ) = committees.holderAt(committee, uint8(seat));
            uint256 rows = _rowsOpened(_boards[epoch][committee].sheets[seat]);
            uint256 weight = rows * perSlot * SlotTable.maskOf(owners, seat).size();
            uint256 amount = endowment.pay(epoch, operator, weight, total);
            emit SeatRewarded(epoch, committee, uint8(seat), operator, amount);
        }
    }

    /// @return proven those of `seats` that have answered
    function _answered(Board storage board, uint256 seats) private view returns (uint256 proven) {
        while (seats != 0) {
            uint256 seat = Math.log2(seats);
            seats ^= 1 << seat;
            if (_isAnswer(board.sheets[seat])) proven |= 1 << seat;
        }
    }

    /// @return found misses that weren't counted before
    function _countMisses(
        uint256 epoch,
        CommitteeId committee,
        uint256 seats,
        address reporter
    ) private returns (uint256 found) {
        Board storage board = _boards[epoch][committee];
        seats &= ~board.missed;
        if (seats == 0) return 0;

        board.missed |= seats;
        for (; seats != 0; ++found) {
            uint256 seat = Math.log2(seats);
            seats ^= 1 << seat;
            _miss(epoch, committee, uint8(seat), reporter);
        }
    }

    function _miss(uint256 epoch, CommitteeId committee, uint8 seat, address reporter) private {
        (address operator, ) = committees.holderAt(committee, seat);
        Record storage record = _records[operator];
        uint256 misses = _hasAnsweredSince(record.lastMissed, epoch, committee, seat) ? 1 : record.misses + 1;

        record.misses = misses.toUint64();
        record.lastMissed = Math.max(record.lastMissed, epoch).toUint64();
        bytes32 evidence = keccak256(abi.encode(epoch, committee, seat));
        bool isSlashed = misses > parameters.get(MISSES_ALLOWED);
        uint256 slashed = isSlashed ? _slash(operator, evidence, reporter) : 0;
        emit SeatMissed(epoch, committee, seat, operator, misses, slashed);
    }

    /// @dev Whether a seat has answered in an epoch between two, or that may be because they are far apart.
    function _hasAnsweredSince(
        uint256 missed,
        uint256 epoch,
        CommitteeId committee,
        uint8 seat
    ) private view returns (bool) {
        if (epoch > missed + MEMORY) return true;
        for (uint256 between = missed + 1; between < epoch; ++between) {
            if (_isAnswer(_boards[between][committee].sheets[seat])) return true;
        }
        return false;
    }

    /// @inheritdoc IStorageAudits
    function missesOf(address operator) external view returns (uint256 misses, uint256 lastMissed) {
        Record storage record = _records[operator];
        return (record.misses, record.lastMissed);
    }

    function _slash(address operator, bytes32 evidence, address reporter) private returns (uint256 cut) {
        uint256 slashable = bonds.slashable(operator, address(this));
        uint256 amount = Math.mulDiv(slashable, parameters.get(SLASH_SHARE), BPS);
        address[] memory reporters = new address[](1);
        reporters[0] = reporter;
        return
            bonds.slash(
                IBonds.Slash({
                    operator: operator,
                    amount: amount,
                    victim: address(0),
                    victimAmount: 0,
                    reporters: reporters,
                    reporterAmount: Math.mulDiv(amount, parameters.get(REPORTER_SHARE), BPS),
                    evidence: evidence
                })
            );
    }
}
