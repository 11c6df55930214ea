// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Verdicts} from "../libraries/Verdicts.sol";
import {ClaimId} from "../types/ComputeTypes.sol";
import {Rounds} from "./Rounds.sol";

/// @title Judgement
/// @notice What follows from what a committee did and didn't do.
abstract contract Judgement is Rounds {
    /* STAGES */

    /// @dev Everybody has committed or the time is over.
    function _closeCommitments(ClaimId claim, Case storage case_) internal {
        _penaliseMissing(claim, case_, false);
        if (case_.committed < QUORUM) return _nextRound(claim, false);
        uint64 deadline = _enter(case_, Stage.Unsealing, "audits.unsealWindow");
        emit CommitmentsClosed(claim, deadline);
    }

    /* VERDICT */

    /// @dev Everybody who has committed has revealed, or the time is over.
    function _judge(ClaimId claim, Case storage case_) internal {
        _penaliseMissing(claim, case_, true);
        Verdicts.Ruling memory ruling = Verdicts.judge(
            _loadDeviations(claim, case_),
            [case_.seats[0].revealed, case_.seats[1].revealed, case_.seats[2].revealed],
            case_.sample,
            WITHHELD
        );
        if (ruling.outcome == Verdicts.Outcome.Undecided) return _nextRound(claim, true);

        bool guilty = ruling.outcome == Verdicts.Outcome.Guilty;
        address[] memory reporters = new address[](SEATS);
        uint256 count;
        for (uint256 i = 0; i < SEATS; ++i) {
            Seat storage seat = case_.seats[i];
            if (!seat.revealed) continue;
            if (guilty ? !ruling.right[i] : seat.dissented) _penaliseOutvoted(claim, seat.verifier);
            if (ruling.reporter[i]) reporters[count++] = seat.verifier;
        }
        if (guilty) _concludeGuilty(claim, _trim(reporters, count));
        else _concludeFree(claim, Verdict.Honest);
    }

    /// @param revealing who has committed and not revealed; else who has not committed
    function _penaliseMissing(ClaimId claim, Case storage case_, bool revealing) internal {
        address[] memory present = _present(case_, revealing);
        for (uint256 i = 0; i < SEATS; ++i) {
            Seat storage seat = case_.seats[i];
            if (seat.verifier == address(0)) continue;
            bool committed = seat.commitment != 0;
            if (revealing ? committed && !seat.revealed : !committed) {
                _penaliseAbsent(claim, seat.verifier, present);
            }
        }
    }

    function _present(Case storage case_, bool revealing) internal view returns (address[] memory present) {
        present = new address[](SEATS);
        uint256 count;
        for (uint256 i = 0; i < SEATS; ++i) {
            Seat storage seat = case_.seats[i];
            if (revealing ? seat.revealed : seat.commitment != 0) present[count++] = seat.verifier;
        }
        return _trim(present, count);
    }

    function _loadDeviations(
        ClaimId claim,
        Case storage case_
    ) internal view returns (bytes32[][3] memory deviations) {
        for (uint256 number = 0; number < SEATS; ++number) {
            if (!case_.seats[number].dissented) continue;
            deviations[number] = new bytes32[](case_.sample);
            for (uint256 i = 0; i < case_.sample; ++i) {
                deviations[number][i] = _deviations[claim][_place(case_.round, number, i)];
            }
        }
    }
}
