// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBonds} from "../../core/interfaces/IBonds.sol";
import {IBeacon} from "../../core/interfaces/IBeacon.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {IAudits} from "../interfaces/IAudits.sol";
import {IServices} from "../interfaces/IServices.sol";
import {ISessions} from "../interfaces/ISessions.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {ClaimId} from "../types/ComputeTypes.sol";
import {Roster} from "./Roster.sol";

/// @title Docket
/// @notice What audits are recorded in, and what they are wired to.
abstract contract Docket is Roster {
    /// @param commitment zero until committed
    /// @param dissented revealed, and differs from the operator somewhere
    struct Seat {
        address verifier;
        bool revealed;
        bool dissented;
        bytes32 commitment;
    }

    /// @param drawnIn round in which the receipts under audit were drawn
    /// @param answers receipts' `exchange` until they are unsealed, response digests after
    struct Case {
        Stage stage;
        Verdict verdict;
        uint8 round;
        uint8 drawnIn;
        uint8 sample;
        uint8 committed;
        uint8 revealed;
        uint64 deadline;
        uint32 roster;
        uint96 rewardEach;
        bytes32 seed;
        Seat[3] seats;
        bytes32[] requestDigests;
        bytes32[] answers;
    }

    /* CONSTANTS */

    // solhint-disable-next-line const-name-snakecase
    bytes32 public constant WITHHELD = keccak256("Mycelia Audits: request withheld");

    uint256 internal constant BPS = 10_000;
    uint256 internal constant SEATS = 3;
    uint8 internal constant ROUNDS = 3;
    /// @dev Bounds the gas of one act, whatever the parameter says.
    uint256 private constant SAMPLE_CAP = 64;

    /* IMMUTABLES */

    ISessions internal immutable SESSIONS;
    IServices internal immutable SERVICES;
    IBeacon internal immutable BEACON;
    /// @dev Seconds. Four windows a round: with it, all rounds take three quarters of the time that bonds take to leave, and the
    /// last quarter is for the draw, whatever the DAO sets.
    uint256 internal immutable LONGEST_WINDOW;

    /* STORAGE */

    mapping(ClaimId claim => Case) internal _cases;
    /// @dev Answers that differ from the operator's: by claim, and by round, seat and position in the sample.
    mapping(ClaimId claim => mapping(uint256 place => bytes32)) internal _deviations;

    /* CONSTRUCTOR */

    constructor(
        IBonds bonds,
        IParameters parameters,
        ISessions sessions,
        IServices services,
        IBeacon beacon
    ) Roster(bonds, parameters) {
        SESSIONS = sessions;
        SERVICES = services;
        BEACON = beacon;
        LONGEST_WINDOW = bonds.unbondDelay() / (4 * (uint256(ROUNDS) + 1));
    }

    /* VIEWS */

    /// @inheritdoc IAudits
    function get(ClaimId claim) external view returns (Audit memory audit) {
        Case storage case_ = _known(claim);
        ISessions.Claim memory posted = SESSIONS.claimOf(claim);
        ISessions.Session memory session = SESSIONS.get(posted.session);
        audit.stage = case_.stage;
        audit.verdict = case_.verdict;
        audit.round = case_.round;
        audit.deadline = case_.deadline;
        audit.operator = session.operator;
        audit.modelId = session.modelId;
        if (case_.seed == 0) return audit;
        audit.committee = _committee(case_);
        audit.indices = _indices(case_, posted);
        audit.requestDigests = case_.requestDigests;
        if (_isUnsealed(case_)) audit.responseDigests = case_.answers;
    }

    /// @inheritdoc IAudits
    function rewardsOf(ClaimId claim) external view returns (address[] memory verifiers, uint256 rewardEach) {
        Case storage case_ = _known(claim);
        verifiers = new address[](SEATS);
        uint256 count;
        if (case_.verdict == Verdict.Honest) {
            for (uint256 i = 0; i < SEATS; ++i) {
                Seat storage seat = case_.seats[i];
                if (seat.revealed && !seat.dissented) verifiers[count++] = seat.verifier;
            }
        }
        return (_trim(verifiers, count), case_.rewardEach);
    }

    /// @inheritdoc IAudits
    function sampleSize(uint256 receipts) public view returns (uint256 sample) {
        sample = (receipts * PARAMETERS.get("audits.sampleBps") + BPS - 1) / BPS;
        uint256 most = PARAMETERS.get("audits.maxSample");
        if (sample > most) sample = most;
        if (sample > SAMPLE_CAP) sample = SAMPLE_CAP;
        if (sample > receipts) sample = receipts;
        if (sample == 0 && receipts != 0) sample = 1;
    }

    /// @inheritdoc IAudits
    function cost(uint256 receipts) external view returns (uint256) {
        return SEATS * sampleSize(receipts) * PARAMETERS.get("audits.reward");
    }

    function _known(ClaimId claim) internal view returns (Case storage case_) {
        case_ = _cases[claim];
        require(case_.stage != Stage.None, Audits_UnknownAudit(claim));
    }

    function _isUnsealed(Case storage case_) private view returns (bool) {
        if (case_.stage == Stage.Revealing) return true;
        return case_.stage == Stage.Concluded && case_.revealed != 0;
    }

    function _indices(
        Case storage case_,
        ISessions.Claim memory posted
    ) internal view returns (uint64[] memory) {
        uint64 count = posted.receipts - posted.firstReceipt;
        return Sampling.draw(case_.seed, case_.drawnIn, posted.firstReceipt, count, case_.sample);
    }

    function _committee(Case storage case_) private view returns (address[] memory committee) {
        committee = new address[](SEATS);
        uint256 count;
        for (uint256 i = 0; i < SEATS; ++i) {
            address verifier = case_.seats[i].verifier;
            if (verifier != address(0)) committee[count++] = verifier;
        }
        return _trim(committee, count);
    }

    function _trim(address[] memory list, uint256 length) internal pure returns (address[] memory) {
        // safe: only ever shortens a list that this contract has just allocated
        assembly ("memory-safe") {
            mstore(list, length)
        }
        return list;
    }

    function _seated(Case storage case_) internal view returns (uint256 seated) {
        for (uint256 i = 0; i < SEATS; ++i) {
            if (case_.seats[i].verifier != address(0)) ++seated;
        }
    }

    function _place(uint256 round, uint256 number, uint256 position) internal pure returns (uint256) {
        return (round << 16) | (number << 8) | position;
    }
}
