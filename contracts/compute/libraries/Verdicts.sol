// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Verdicts
/// @notice What a committee of three has found, from where its members differ from the operator.
library Verdicts {
    enum Outcome {
        Undecided,
        Honest,
        Guilty
    }

    /// @param right seats on which a guilty outcome rests
    /// @param reporter those of them that hold an answer of their own, not only `withheld`
    struct Ruling {
        Outcome outcome;
        bool[3] right;
        bool[3] reporter;
    }

    /// @notice Guilty when two seats agree against the operator on one receipt, or one has an answer of its own and the other
    /// was not served. Honest when two seats agree with the operator on every receipt.
    /// @param deviations by seat: its answer where it is not the operator's, else zero; an empty list when it never differs
    /// @param revealed seats that have answered
    /// @param sample receipts judged
    /// @param withheld the answer of a seat that was not served
    function judge(
        bytes32[][3] memory deviations,
        bool[3] memory revealed,
        uint256 sample,
        bytes32 withheld
    ) internal pure returns (Ruling memory ruling) {
        bool decided = true;
        for (uint256 i = 0; i < sample; ++i) {
            bytes32[3] memory answers;
            uint256 matches;
            for (uint256 seat = 0; seat < 3; ++seat) {
                if (deviations[seat].length != 0) answers[seat] = deviations[seat][i];
                if (revealed[seat] && answers[seat] == 0) ++matches;
            }
            _compare(ruling, answers, 0, 1, withheld);
            _compare(ruling, answers, 0, 2, withheld);
            _compare(ruling, answers, 1, 2, withheld);
            if (matches < 2) decided = false;
        }
        if (ruling.outcome == Outcome.Undecided && decided) ruling.outcome = Outcome.Honest;
    }

    function _compare(
        Ruling memory ruling,
        bytes32[3] memory answers,
        uint256 a,
        uint256 b,
        bytes32 withheld
    ) private pure {
        (bytes32 one, bytes32 other) = (answers[a], answers[b]);
        if (one == 0 || other == 0) return;
        if (one != other && one != withheld && other != withheld) return;
        ruling.outcome = Outcome.Guilty;
        (ruling.right[a], ruling.right[b]) = (true, true);
        if (one != withheld) ruling.reporter[a] = true;
        if (other != withheld) ruling.reporter[b] = true;
    }
}
