// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClaimId, Receipt} from "../types/ComputeTypes.sol";

/// @notice Verifiers re-run receipts that the beacon draws out of a claim; exact tier: bit equality.
/// @dev One audit a claim, in stages that move on as soon as everyone has acted, or at their deadline:
/// Opening (operator opens the drawn receipts and request digests, not the answers) -> Committing (three drawn verifiers
/// commit) -> Unsealing (operator reveals response digests and salts) -> Revealing (verifiers reveal) -> Concluded.
/// An operator that misses a deadline is guilty. A verifier that misses one loses `audits.absencePenalty`, half of it to those
/// who were there; so does one who stands alone against two, all of it to the treasury.
/// With fewer than two commitments a new committee is drawn for the same receipts; when reveals decide nothing, receipts and
/// committee are drawn anew and the operator opens again. The third round that fails ends Inconclusive: the claim is freed
/// unaudited, since the operator did all that was asked and every absence was paid for.
/// No window is longer than a sixteenth of `Bonds.unbondDelay`, so that no bond leaves before the verdict.
/// Guilty: two seats have the same answer, not the operator's, to one receipt; `WITHHELD` agrees with any such answer.
/// Honest: to every receipt, two seats have the operator's answer.
interface IAudits {
    enum Stage {
        None,
        Drawing,
        Opening,
        Committing,
        Unsealing,
        Revealing,
        Concluded
    }

    enum Verdict {
        None,
        Honest,
        Guilty,
        Inconclusive,
        Expired
    }

    /// @param receipt the drawn receipt
    /// @param requestDigest keccak256 of the request's bytes, which the operator serves to the committee
    /// @param proof inclusion of the receipt under the claim's receiptsRoot
    struct Opening {
        Receipt receipt;
        bytes32 requestDigest;
        bytes32[] proof;
    }

    /// @param indices receipts drawn
    /// @param requestDigests one a drawn receipt, after Opening
    /// @param responseDigests one a drawn receipt, after Unsealing
    struct Audit {
        Stage stage;
        Verdict verdict;
        uint8 round;
        uint64 deadline;
        address operator;
        bytes32 modelId;
        address[] committee;
        uint64[] indices;
        bytes32[] requestDigests;
        bytes32[] responseDigests;
    }

    error Audits_UnknownAudit(ClaimId claim);
    error Audits_WrongStage(ClaimId claim, Stage stage, Stage wanted);
    error Audits_DrawNotFulfilled(ClaimId claim);
    error Audits_NotOperator(ClaimId claim, address caller);
    error Audits_NotOnCommittee(ClaimId claim, address caller);
    error Audits_AlreadyActed(ClaimId claim, address verifier);
    error Audits_TooLate(ClaimId claim, uint256 deadline);
    error Audits_TooEarly(ClaimId claim, uint256 deadline);
    error Audits_WrongCount(uint256 given, uint256 wanted);
    error Audits_WrongReceipt(ClaimId claim, uint256 index);
    error Audits_WrongReveal(ClaimId claim, address verifier);
    error Audits_InsufficientBond(address verifier, uint256 allocated, uint256 required);
    error Audits_WrongSalt(ClaimId claim, uint256 index);
    error Audits_AlreadyEnlisted(address verifier);
    error Audits_NotEnlisted(address verifier);
    error Audits_InvalidSigner(address signer);
    error Audits_SignerTaken(address signer, address verifier);
    error Audits_StillBonded(address verifier, uint256 allocated, uint256 threshold);
    error Audits_TooFewVerifiers(uint256 enlisted, uint256 required);
    error Audits_OnlySessions(address caller);

    event VerifierEnlisted(address indexed verifier, address signer, uint256 position);
    event VerifierResigned(address indexed verifier);
    event AuditPrepared(ClaimId indexed claim, uint256 sample, uint256 rewardEach, uint256 rosterVersion);
    /// @dev Emitted once a round. When only the committee is new, `indices` are those of before and `AuditOpened` follows.
    event AuditDrawn(
        ClaimId indexed claim,
        uint8 round,
        uint64[] indices,
        address[] committee,
        uint256 deadline
    );
    event AuditOpened(ClaimId indexed claim, bytes32[] requestDigests, uint256 deadline);
    event AnswerCommitted(ClaimId indexed claim, address indexed verifier, bytes32 commitment);
    event CommitmentsClosed(ClaimId indexed claim, uint256 deadline);
    event AuditUnsealed(ClaimId indexed claim, bytes32[] responseDigests, uint256 deadline);
    event AnswerRevealed(ClaimId indexed claim, address indexed verifier, bytes32[] responseDigests);
    event VerifierAbsent(ClaimId indexed claim, address indexed verifier, uint256 penalty);
    event VerifierOutvoted(ClaimId indexed claim, address indexed verifier, uint256 penalty);
    event AuditConcluded(ClaimId indexed claim, Verdict verdict, uint256 slashed);

    /// @notice Joins the roster; needs `audits.verifierBond` allocated to this contract. `signer` may act for the caller.
    function enlist(address signer) external;
    /// @notice Leaves the roster for claims posted from now on; duties on earlier claims stay.
    function resign() external;
    /// @notice Takes off the roster a verifier whose bond here can't pay for one absence any more. Anyone.
    function evict(address verifier) external;

    /// @notice Fixes the terms of an audit when its claim is posted. Sessions only.
    /// @param receipts number of receipts that the claim adds
    /// @param operator who claims, and `user` who pays; neither may sit on the committee
    /// @return cost wei that verifiers earn at most
    /// @return roster version of the roster from which the committee will be drawn
    function prepare(
        ClaimId claim,
        uint256 receipts,
        address operator,
        address user
    ) external returns (uint256 cost, uint32 roster);

    /// @notice Draws receipts and committee once the beacon has answered. Anyone.
    function begin(ClaimId claim) external;
    /// @notice Opens every drawn receipt, in the order of `indices`. Operator or its receipt signer.
    function open(ClaimId claim, Opening[] calldata openings) external;
    /// @param commitment keccak256(abi.encode(claim, round, verifier, keccak256(abi.encode(responseDigests)), salt))
    function commit(ClaimId claim, bytes32 commitment) external;
    /// @notice Reveals what the operator answered. What doesn't open the receipts' `exchange` is refused; never opening it is
    /// guilt.
    function unseal(ClaimId claim, bytes32[] calldata responseDigests, bytes32[] calldata salts) external;
    /// @param responseDigests own answers, none of them zero; `WITHHELD` where the operator did not serve the request
    function reveal(ClaimId claim, bytes32[] calldata responseDigests, bytes32 salt) external;
    /// @notice Moves an audit on when its deadline has passed, or voids it when its draw expired. Anyone.
    function conclude(ClaimId claim) external;

    function get(ClaimId claim) external view returns (Audit memory);
    /// @notice Operator address for which `signer` acts, or zero.
    function verifierOf(address signer) external view returns (address verifier);
    function rosterLength() external view returns (uint256);
    /// @notice Who earns how much each from a claim that was found honest.
    function rewardsOf(ClaimId claim) external view returns (address[] memory verifiers, uint256 rewardEach);
    /// @notice Number of receipts drawn out of a claim of `receipts` receipts.
    function sampleSize(uint256 receipts) external view returns (uint256);
    /// @notice Wei that a claim over `receipts` receipts pays to its verifiers at most.
    function cost(uint256 receipts) external view returns (uint256);
    /// @notice Marks a request that the operator did not serve.
    function WITHHELD() external view returns (bytes32);
}
