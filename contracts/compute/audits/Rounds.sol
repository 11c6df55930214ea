// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBonds} from "../../core/interfaces/IBonds.sol";
import {ISessions} from "../interfaces/ISessions.sol";
import {ClaimId} from "../types/ComputeTypes.sol";
import {Docket} from "./Docket.sol";

/// @title Rounds
/// @notice How a round starts, what an absence costs, and how an audit ends.
abstract contract Rounds is Docket {
    /* CONSTANTS */

    /// @dev Two can still agree; one alone can't.
    uint256 internal constant QUORUM = 2;
    uint256 private constant PROBES = 64;

    /* ROUNDS */

    /// @dev Draws a committee, and receipts with it unless the opened ones are still sealed.
    function _startRound(ClaimId claim, uint8 round, bool newReceipts) internal {
        Case storage case_ = _cases[claim];
        ISessions.Claim memory posted = SESSIONS.claimOf(claim);
        ISessions.Session memory session = SESSIONS.get(posted.session);
        (address[] memory committee, uint256 drawn) = _drawCommittee(case_, round, session);
        if (drawn < QUORUM) return _concludeFree(claim, Verdict.Inconclusive);

        for (uint256 i = 0; i < SEATS; ++i) {
            case_.seats[i] = Seat(i < drawn ? committee[i] : address(0), false, false, 0);
        }
        (case_.round, case_.committed, case_.revealed) = (round, 0, 0);
        if (newReceipts) {
            case_.drawnIn = round;
            delete case_.requestDigests;
            delete case_.answers;
        }
        uint64 deadline = _enter(
            case_,
            newReceipts ? Stage.Opening : Stage.Committing,
            newReceipts ? bytes32("audits.openWindow") : bytes32("audits.commitWindow")
        );
        emit AuditDrawn(claim, round, _indices(case_, posted), _trim(committee, drawn), deadline);
        if (!newReceipts) emit AuditOpened(claim, case_.requestDigests, deadline);
    }

    function _drawCommittee(
        Case storage case_,
        uint8 round,
        ISessions.Session memory session
    ) private view returns (address[] memory committee, uint256 drawn) {
        committee = new address[](SEATS);
        (bytes32 seed, uint32 version) = (case_.seed, case_.roster);
        uint256 length = _rosterLengthAt(version);
        uint256 penalty = _absencePenalty();
        for (uint256 probe = 0; probe < PROBES && drawn < SEATS; ++probe) {
            uint256 entropy = uint256(keccak256(abi.encode(seed, "committee", round, probe)));
            address verifier = _occupantAt(entropy % length, version);
            if (verifier == session.operator || verifier == session.user) continue;
            if (verifier == committee[0] || verifier == committee[1]) continue;
            // Who can't pay for an absence has nothing to lose by one.
            if (BONDS.slashable(verifier, address(this)) < penalty) continue;
            committee[drawn++] = verifier;
        }
    }

    /// @dev A round has failed: the next one, or the end.
    function _nextRound(ClaimId claim, bool newReceipts) internal {
        uint8 round = _cases[claim].round + 1;
        if (round == ROUNDS) return _concludeFree(claim, Verdict.Inconclusive);
        _startRound(claim, round, newReceipts);
    }

    function _enter(Case storage case_, Stage stage, bytes32 window) internal returns (uint64 deadline) {
        uint256 length = PARAMETERS.get(window);
        deadline = uint64(block.timestamp + (length < LONGEST_WINDOW ? length : LONGEST_WINDOW));
        (case_.stage, case_.deadline) = (stage, deadline);
    }

    /* ENDS */

    function _concludeFree(ClaimId claim, Verdict verdict) internal {
        Case storage case_ = _cases[claim];
        (case_.stage, case_.verdict) = (Stage.Concluded, verdict);
        emit AuditConcluded(claim, verdict, 0);

        SESSIONS.free(claim);
    }

    function _concludeExpired(ClaimId claim) internal {
        Case storage case_ = _cases[claim];
        (case_.stage, case_.verdict) = (Stage.Concluded, Verdict.Expired);
        emit AuditConcluded(claim, Verdict.Expired, 0);

        SESSIONS.void(claim);
    }

    function _concludeGuilty(ClaimId claim, address[] memory reporters) internal {
        Case storage case_ = _cases[claim];
        (case_.stage, case_.verdict) = (Stage.Concluded, Verdict.Guilty);

        ISessions.Claim memory posted = SESSIONS.claimOf(claim);
        ISessions.Session memory session = SESSIONS.get(posted.session);
        SESSIONS.void(claim);
        uint256 cut = SERVICES.punish(session.operator, claim, session.user, posted.amount, reporters);
        emit AuditConcluded(claim, Verdict.Guilty, cut);
    }

    /* PENALTIES */

    /// @dev Half of what an absence costs goes to those who were there; they didn't cause it.
    function _penaliseAbsent(ClaimId claim, address verifier, address[] memory present) internal {
        uint256 cut = _slash(claim, verifier, present);
        emit VerifierAbsent(claim, verifier, cut);
    }

    /// @dev Nobody earns by a dissent: an operator can cause one by not serving a single seat.
    function _penaliseOutvoted(ClaimId claim, address verifier) internal {
        uint256 cut = _slash(claim, verifier, new address[](0));
        emit VerifierOutvoted(claim, verifier, cut);
    }

    function _slash(
        ClaimId claim,
        address verifier,
        address[] memory reporters
    ) private returns (uint256 cut) {
        uint256 penalty = _absencePenalty();
        if (penalty == 0) return 0;
        cut = BONDS.slash(
            IBonds.Slash({
                operator: verifier,
                amount: penalty,
                victim: address(0),
                victimAmount: 0,
                reporters: reporters,
                reporterAmount: reporters.length == 0 ? 0 : penalty / 2,
                evidence: bytes32(uint256(ClaimId.unwrap(claim)))
            })
        );
    }
}
