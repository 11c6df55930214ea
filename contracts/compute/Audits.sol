// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../core/interfaces/IBeacon.sol";
import {IBonds} from "../core/interfaces/IBonds.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {MountainRange} from "../core/libraries/MountainRange.sol";
import {Docket} from "./audits/Docket.sol";
import {Judgement} from "./audits/Judgement.sol";
import {IAudits} from "./interfaces/IAudits.sol";
import {IServices} from "./interfaces/IServices.sol";
import {ISessions} from "./interfaces/ISessions.sol";
import {ClaimId, SessionId} from "./types/ComputeTypes.sol";

/// @title Audits
/// @notice See {IAudits}.
contract Audits is Judgement {
    /* CONSTRUCTOR */

    constructor(
        IBonds bonds,
        IParameters parameters,
        ISessions sessions,
        IServices services,
        IBeacon beacon
    ) Docket(bonds, parameters, sessions, services, beacon) {}

    /* DRAWING */

    /// @inheritdoc IAudits
    function prepare(
        ClaimId claim,
        uint256 receipts,
        address operator,
        address user
    ) external returns (uint256 cost_, uint32 roster) {
        require(msg.sender == address(SESSIONS), Audits_OnlySessions(msg.sender));
        uint256 eligible = rosterLength();
        if (_isEnlisted(operator)) --eligible;
        if (user != operator && _isEnlisted(user)) --eligible;
        require(eligible >= SEATS, Audits_TooFewVerifiers(eligible, SEATS));

        uint256 sample = sampleSize(receipts);
        uint256 rewardEach = sample * PARAMETERS.get("audits.reward");
        roster = _rosterVersion;
        Case storage case_ = _cases[claim];
        case_.stage = Stage.Drawing;
        case_.sample = uint8(sample);
        case_.roster = roster;
        case_.rewardEach = SafeCast.toUint96(rewardEach);
        emit AuditPrepared(claim, sample, rewardEach, roster);
        return (SEATS * rewardEach, roster);
    }

    /// @inheritdoc IAudits
    function begin(ClaimId claim) external {
        Case storage case_ = _inStage(claim, Stage.Drawing);
        (IBeacon.DrawState state, bytes32 seed) = BEACON.stateOf(SESSIONS.claimOf(claim).draw);
        require(state == IBeacon.DrawState.Fulfilled, Audits_DrawNotFulfilled(claim));

        case_.seed = seed;
        _startRound(claim, 0, true);
    }

    /* OPERATOR */

    /// @inheritdoc IAudits
    function open(ClaimId claim, Opening[] calldata openings) external {
        Case storage case_ = _inTime(claim, Stage.Opening);
        ISessions.Claim memory posted = SESSIONS.claimOf(claim);
        ISessions.Session memory session = SESSIONS.get(posted.session);
        _requireOperator(claim, session);
        uint64[] memory indices = _indices(case_, posted);
        require(openings.length == indices.length, Audits_WrongCount(openings.length, indices.length));

        bytes32[] memory requestDigests = new bytes32[](indices.length);
        bytes32[] memory exchanges = new bytes32[](indices.length);
        for (uint256 i = 0; i < indices.length; ++i) {
            _requireReceipt(claim, openings[i], indices[i], posted, session);
            requestDigests[i] = openings[i].requestDigest;
            exchanges[i] = openings[i].receipt.exchange;
        }
        (case_.requestDigests, case_.answers) = (requestDigests, exchanges);
        uint64 deadline = _enter(case_, Stage.Committing, "audits.commitWindow");
        emit AuditOpened(claim, requestDigests, deadline);
    }

    function _requireReceipt(
        ClaimId claim,
        Opening calldata opening,
        uint64 index,
        ISessions.Claim memory posted,
        ISessions.Session memory session
    ) private view {
        require(
            opening.receipt.index == index &&
                opening.receipt.session == SessionId.unwrap(posted.session) &&
                opening.receipt.modelId == session.modelId &&
                opening.receipt.price == uint256(opening.receipt.unitsIn) * session.unitPrice &&
                MountainRange.verify(
                    SESSIONS.receiptDigest(opening.receipt),
                    index,
                    posted.receipts,
                    posted.receiptsRoot,
                    opening.proof
                ),
            Audits_WrongReceipt(claim, index)
        );
    }

    /// @inheritdoc IAudits
    function unseal(ClaimId claim, bytes32[] calldata responseDigests, bytes32[] calldata salts) external {
        Case storage case_ = _inTime(claim, Stage.Unsealing);
        _requireOperator(claim, SESSIONS.get(SESSIONS.claimOf(claim).session));
        uint256 sample = case_.sample;
        require(responseDigests.length == sample, Audits_WrongCount(responseDigests.length, sample));
        require(salts.length == sample, Audits_WrongCount(salts.length, sample));

        for (uint256 i = 0; i < sample; ++i) {
            bytes32 exchange = keccak256(abi.encode(case_.requestDigests[i], responseDigests[i], salts[i]));
            require(exchange == case_.answers[i], Audits_WrongSalt(claim, i));
            case_.answers[i] = responseDigests[i];
        }
        uint64 deadline = _enter(case_, Stage.Revealing, "audits.revealWindow");
        emit AuditUnsealed(claim, responseDigests, deadline);
    }

    function _requireOperator(ClaimId claim, ISessions.Session memory session) private view {
        require(
            msg.sender == session.operator || msg.sender == session.receiptSigner,
            Audits_NotOperator(claim, msg.sender)
        );
    }

    /* VERIFIERS */

    /// @inheritdoc IAudits
    function commit(ClaimId claim, bytes32 commitment) external {
        Case storage case_ = _inTime(claim, Stage.Committing);
        (Seat storage seat, ) = _seatOf(claim, case_);
        require(seat.commitment == 0, Audits_AlreadyActed(claim, seat.verifier));
        require(commitment != 0, Audits_WrongReveal(claim, seat.verifier));

        seat.commitment = commitment;
        ++case_.committed;
        emit AnswerCommitted(claim, seat.verifier, commitment);
        if (case_.committed == _seated(case_)) _closeCommitments(claim, case_);
    }

    /// @inheritdoc IAudits
    function reveal(ClaimId claim, bytes32[] calldata responseDigests, bytes32 salt) external {
        Case storage case_ = _inTime(claim, Stage.Revealing);
        (Seat storage seat, uint256 number) = _seatOf(claim, case_);
        address verifier = seat.verifier;
        require(!seat.revealed, Audits_AlreadyActed(claim, verifier));
        require(
            responseDigests.length == case_.sample,
            Audits_WrongCount(responseDigests.length, case_.sample)
        );
        bytes32 answers = keccak256(abi.encode(responseDigests));
        require(
            seat.commitment == keccak256(abi.encode(claim, case_.round, verifier, answers, salt)),
            Audits_WrongReveal(claim, verifier)
        );

        seat.revealed = true;
        seat.dissented = _recordDeviations(claim, case_, number, responseDigests);
        ++case_.revealed;
        emit AnswerRevealed(claim, verifier, responseDigests);
        if (case_.revealed == case_.committed) _judge(claim, case_);
    }

    function _recordDeviations(
        ClaimId claim,
        Case storage case_,
        uint256 number,
        bytes32[] calldata responseDigests
    ) private returns (bool dissented) {
        for (uint256 i = 0; i < responseDigests.length; ++i) {
            // Zero marks "as the operator" in the book of deviations.
            require(responseDigests[i] != 0, Audits_WrongReveal(claim, case_.seats[number].verifier));
            if (responseDigests[i] == case_.answers[i]) continue;
            _deviations[claim][_place(case_.round, number, i)] = responseDigests[i];
            dissented = true;
        }
    }

    /// @dev The caller's own seat comes first: nobody can lend it another by naming it as a signer.
    function _seatOf(
        ClaimId claim,
        Case storage case_
    ) private view returns (Seat storage seat, uint256 number) {
        number = _numberOf(case_, msg.sender);
        if (number == SEATS) number = _numberOf(case_, verifierOf[msg.sender]);
        require(number != SEATS, Audits_NotOnCommittee(claim, msg.sender));
        seat = case_.seats[number];
    }

    function _numberOf(Case storage case_, address verifier) private view returns (uint256 number) {
        if (verifier == address(0)) return SEATS;
        while (number < SEATS && case_.seats[number].verifier != verifier) ++number;
    }

    /* CONCLUDING */

    /// @inheritdoc IAudits
    function conclude(ClaimId claim) external {
        Case storage case_ = _known(claim);
        Stage stage = case_.stage;
        require(stage != Stage.Concluded, Audits_WrongStage(claim, stage, Stage.Drawing));
        if (stage == Stage.Drawing) {
            (IBeacon.DrawState state, ) = BEACON.stateOf(SESSIONS.claimOf(claim).draw);
            require(state == IBeacon.DrawState.Expired, Audits_DrawNotFulfilled(claim));
            return _concludeExpired(claim);
        }
        require(block.timestamp > case_.deadline, Audits_TooEarly(claim, case_.deadline));

        if (stage == Stage.Opening) _concludeGuilty(claim, new address[](0));
        else if (stage == Stage.Committing) _closeCommitments(claim, case_);
        else if (stage == Stage.Unsealing) _concludeGuilty(claim, _present(case_, false));
        else _judge(claim, case_);
    }

    /* CHECKS */

    function _inStage(ClaimId claim, Stage wanted) private view returns (Case storage case_) {
        case_ = _known(claim);
        require(case_.stage == wanted, Audits_WrongStage(claim, case_.stage, wanted));
    }

    function _inTime(ClaimId claim, Stage wanted) private view returns (Case storage case_) {
        case_ = _inStage(claim, wanted);
        require(block.timestamp <= case_.deadline, Audits_TooLate(claim, case_.deadline));
    }
}
