// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAbsence} from "../interfaces/IAbsence.sol";
import {CommitteeId} from "../types/StorageTypes.sol";
import {Entry} from "./Entry.sol";

/// @title Absence
/// @notice Challenges of members that seem to be gone.
abstract contract Absence is IAbsence, Entry {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /* CONSTANTS */

    bytes32 private constant DEPOSIT = "storage.challengeDeposit";
    bytes32 private constant ANSWER_WINDOW = "storage.answerWindow";

    /* STORAGE */

    /// @inheritdoc IAbsence
    uint256 public totalHeld;
    /// @inheritdoc IAbsence
    mapping(address account => uint256) public owed;
    mapping(address operator => Challenge) private _challenges;

    /* CHALLENGES */

    /// @inheritdoc IAbsence
    function challenge(address operator) external nonReentrant {
        _requireSeated(operator);
        Challenge storage known = _challenges[operator];
        require(known.challenger == address(0), Absence_AlreadyChallenged(operator, known.deadline));
        uint256 deposit = parameters.get(DEPOSIT);
        uint64 deadline = (block.timestamp + parameters.get(ANSWER_WINDOW)).toUint64();

        _challenges[operator] = Challenge(msg.sender, deadline, deposit);
        totalHeld += deposit;
        emit MemberChallenged(operator, msg.sender, deposit, deadline);

        token.safeTransferFrom(msg.sender, address(this), deposit);
    }

    /// @inheritdoc IAbsence
    function answer(address operator) external {
        Challenge memory asked = _challenged(operator);
        require(_speaksFor(msg.sender, operator), Absence_NotTheMember(operator, msg.sender));
        require(block.timestamp <= asked.deadline, Absence_TooLate(operator, asked.deadline));

        delete _challenges[operator];
        owed[operator] += asked.deposit;
        emit ChallengeAnswered(operator, asked.challenger, asked.deposit);
    }

    /// @inheritdoc IAbsence
    function expel(address operator) external {
        Challenge memory asked = _challenged(operator);
        require(block.timestamp > asked.deadline, Absence_StillTime(operator, asked.deadline));

        _leave(operator, false);
    }

    /// @dev Whoever has left can't answer any more: the deposit goes back.
    function _onLeft(address operator) internal override {
        Challenge memory asked = _challenges[operator];
        if (asked.challenger == address(0)) return;

        delete _challenges[operator];
        owed[asked.challenger] += asked.deposit;
        emit ChallengeReturned(operator, asked.challenger, asked.deposit);
    }

    /* DEPOSITS */

    /// @inheritdoc IAbsence
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;

        owed[msg.sender] = 0;
        totalHeld -= amount;
        emit DepositCollected(msg.sender, to, amount);

        token.safeTransfer(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IAbsence
    function challengeOf(address operator) external view returns (Challenge memory) {
        return _challenges[operator];
    }

    function _challenged(address operator) private view returns (Challenge memory asked) {
        asked = _challenges[operator];
        require(asked.challenger != address(0), Absence_NotChallenged(operator));
    }

    /// @dev Whoever is challenged is a member: leaving ends a challenge.
    function _speaksFor(address caller, address operator) private view returns (bool) {
        (CommitteeId committee, uint8 seat) = seatOf(operator);
        return caller == operator || caller == _seatAt(committee, seat).signer;
    }
}
