// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Verdicts} from "../../../../contracts/compute/libraries/Verdicts.sol";

/// @dev Answers are small numbers: 0 as the operator, 1 and 2 two other answers, 3 withheld, 4 not revealed at all.
contract VerdictsTest {
    bytes32 private constant WITHHELD = keccak256("withheld");

    function testFuzz_AUDIT6_rulingsFollowTheRule(uint256 entropy, uint8 length) external pure {
        uint256 sample = (length % 6) + 1;
        (bytes32[][3] memory deviations, bool[3] memory revealed) = _committee(entropy, sample);
        Verdicts.Ruling memory ruling = Verdicts.judge(deviations, revealed, sample, WITHHELD);

        bool guilty;
        bool honest = true;
        for (uint256 i = 0; i < sample; ++i) {
            if (_condemned(deviations, i)) guilty = true;
            if (_supporters(deviations, revealed, i) < 2) honest = false;
        }
        require((ruling.outcome == Verdicts.Outcome.Guilty) == guilty, "guilt is wrong");
        require((ruling.outcome == Verdicts.Outcome.Honest) == (honest && !guilty), "honesty is wrong");
    }

    function testFuzz_AUDIT6_nobodyIsBlamedOrPaidForWhatHeDidNotSay(
        uint256 entropy,
        uint8 length
    ) external pure {
        uint256 sample = (length % 6) + 1;
        (bytes32[][3] memory deviations, bool[3] memory revealed) = _committee(entropy, sample);
        Verdicts.Ruling memory ruling = Verdicts.judge(deviations, revealed, sample, WITHHELD);
        for (uint256 seat = 0; seat < 3; ++seat) {
            bool own;
            bool any;
            for (uint256 i = 0; i < sample && deviations[seat].length != 0; ++i) {
                if (deviations[seat][i] != 0) any = true;
                if (deviations[seat][i] != 0 && deviations[seat][i] != WITHHELD) own = true;
            }
            require(!ruling.right[seat] || any, "right by an answer never given");
            require(!ruling.reporter[seat] || (own && ruling.right[seat]), "paid for being withheld from");
        }
    }

    function test_AUDIT6_oneSeatAloneNeverCondemns() external pure {
        for (uint256 seat = 0; seat < 3; ++seat) {
            bytes32[][3] memory deviations;
            deviations[seat] = new bytes32[](1);
            deviations[seat][0] = WITHHELD;
            Verdicts.Ruling memory ruling = Verdicts.judge(deviations, [true, true, true], 1, WITHHELD);
            require(ruling.outcome == Verdicts.Outcome.Honest, "two against one");
        }
    }

    function test_AUDIT6_servingOnlyAnAccompliceDoesNotSave() external pure {
        // Seat 0 was not served, seat 1 found the cheat, seat 2 says what the operator says.
        bytes32[][3] memory deviations;
        deviations[0] = new bytes32[](1);
        deviations[1] = new bytes32[](1);
        deviations[0][0] = WITHHELD;
        deviations[1][0] = keccak256("the right answer");
        Verdicts.Ruling memory ruling = Verdicts.judge(deviations, [true, true, true], 1, WITHHELD);
        require(ruling.outcome == Verdicts.Outcome.Guilty, "withholding must not save a cheat");
        require(ruling.reporter[1] && !ruling.reporter[0] && !ruling.right[2], "the wrong seat is paid");
    }

    function _committee(
        uint256 entropy,
        uint256 sample
    ) private pure returns (bytes32[][3] memory deviations, bool[3] memory revealed) {
        bytes32[4] memory answers = [bytes32(0), keccak256("one"), keccak256("two"), WITHHELD];
        for (uint256 seat = 0; seat < 3; ++seat) {
            revealed[seat] = entropy % 5 != 4;
            entropy >>= 8;
            if (!revealed[seat]) continue;
            deviations[seat] = new bytes32[](sample);
            // Half of the answers are the operator's.
            for (uint256 i = 0; i < sample; ++i) {
                deviations[seat][i] = entropy & 4 == 0 ? bytes32(0) : answers[entropy % 4];
                entropy >>= 4;
            }
        }
    }

    function _condemned(bytes32[][3] memory deviations, uint256 i) private pure returns (bool) {
        for (uint256 a = 0; a < 3; ++a) {
            for (uint256 b = 0; b < 3; ++b) {
                if (a == b || deviations[a].length == 0 || deviations[b].length == 0) continue;
                (bytes32 one, bytes32 other) = (deviations[a][i], deviations[b][i]);
                if (one != 0 && (other == one || (other != 0 && one == WITHHELD))) return true;
            }
        }
        return false;
    }

    function _supporters(
        bytes32[][3] memory deviations,
        bool[3] memory revealed,
        uint256 i
    ) private pure returns (uint256 count) {
        for (uint256 seat = 0; seat < 3; ++seat) {
            if (!revealed[seat]) continue;
            if (deviations[seat].length == 0 || deviations[seat][i] == 0) ++count;
        }
    }
}
