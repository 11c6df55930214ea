// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IBeacon} from "../../core/interfaces/IBeacon.sol";
import {ISessions} from "../interfaces/ISessions.sol";
import {ClaimId, SessionId} from "../types/ComputeTypes.sol";
import {SessionBook} from "./SessionBook.sol";

/// @title Settlement
/// @notice How claims and sessions end.
abstract contract Settlement is SessionBook {
    using SafeERC20 for IERC20;

    /* SETTLING */

    /// @inheritdoc ISessions
    function settle(ClaimId id) external {
        Claim storage posted = _knownClaim(id);
        require(
            posted.state == ClaimState.Free && block.timestamp >= posted.freeAt,
            Sessions_ClaimNotFree(id, posted.state, posted.freeAt)
        );
        Session storage session = _sessions[posted.session];
        (address[] memory verifiers, uint256 rewardEach) = AUDITS.rewardsOf(id);
        uint256 toVerifiers = rewardEach * verifiers.length;
        uint256 toTreasury = _feeDown(posted.amount, session.feeBps);
        uint256 toOperator = posted.amount - posted.tip - toVerifiers - toTreasury;

        posted.state = ClaimState.Settled;
        emit ClaimSettled(id, toOperator, toVerifiers, toTreasury);

        address user = session.user;
        for (uint256 i = 0; rewardEach != 0 && i < verifiers.length; ++i) {
            LEDGER.pay(user, verifiers[i], rewardEach);
        }
        if (toOperator != 0) LEDGER.pay(user, session.operator, toOperator);
        if (toTreasury != 0) LEDGER.payOut(user, TREASURY, toTreasury);
    }

    /// @inheritdoc ISessions
    function free(ClaimId id) external onlyAudits {
        Claim storage posted = _claims[id];
        Session storage session = _sessions[posted.session];
        posted.state = ClaimState.Free;
        if (posted.freeAt < block.timestamp) posted.freeAt = uint64(block.timestamp);
        session.openClaim = NO_CLAIM;
        emit ClaimFreed(id, posted.freeAt);

        if (session.state == SessionState.Closed) {
            SERVICES.release(session.service, posted.amount);
        } else if (!posted.last) {
            _prolong(posted.session, session);
        }
    }

    /// @inheritdoc ISessions
    function void(ClaimId id) external onlyAudits returns (uint256 refunded) {
        Claim storage posted = _claims[id];
        SessionId sessionId = posted.session;
        Session storage session = _sessions[sessionId];
        posted.state = ClaimState.Void;
        session.openClaim = NO_CLAIM;
        session.amount -= posted.amount;
        refunded = posted.amount - posted.tip;
        emit ClaimVoided(id, refunded);

        if (refunded != 0) LEDGER.unlock(session.user, refunded);
        SERVICES.release(session.service, posted.amount);
        if (session.state != SessionState.Closed) _close(sessionId, session, posted.amount);
    }

    /// @inheritdoc ISessions
    function returnTip(ClaimId id) external {
        Claim storage posted = _knownClaim(id);
        uint128 tip = posted.tip;
        (IBeacon.DrawState state, ) = BEACON.stateOf(posted.draw);
        require(
            posted.state == ClaimState.Void && tip != 0 && state == IBeacon.DrawState.Expired,
            Sessions_TipNotReturnable(id, tip)
        );
        address user = _sessions[posted.session].user;

        posted.tip = 0;
        emit TipReturned(id, user, tip);

        BEACON.expire(posted.draw);
        BEACON.collect(address(this));
        TOKEN.forceApprove(address(LEDGER), tip);
        LEDGER.deposit(user, tip);
    }

    /// @dev What was served while a claim was under audit could not be claimed: the operator gets a full window for it.
    function _prolong(SessionId id, Session storage session) private {
        uint64 until = uint64(block.timestamp + PARAMETERS.get("sessions.claimWindow"));
        if (until <= session.claimBefore) return;
        session.claimBefore = until;
        emit ClaimWindowProlonged(id, until);
    }

    /* CLOSING */

    /// @inheritdoc ISessions
    function close(SessionId id) external {
        Session storage session = _known(id);
        require(session.state != SessionState.Closed, Sessions_WrongState(id, session.state));

        if (msg.sender != session.operator) {
            if (block.timestamp <= session.claimBefore) return _startClosing(id, session);
            ClaimId pending = session.openClaim;
            require(
                ClaimId.unwrap(pending) == 0 || _claims[pending].last,
                Sessions_ClaimPending(id, pending)
            );
        }
        _close(id, session, 0);
    }

    function _startClosing(SessionId id, Session storage session) private {
        require(msg.sender == session.user, Sessions_NotParty(id, msg.sender));
        require(session.state == SessionState.Open, Sessions_TooEarly(id, session.claimBefore));

        session.state = SessionState.Closing;
        uint64 until = uint64(block.timestamp + PARAMETERS.get("sessions.claimWindow"));
        if (until < session.claimBefore) session.claimBefore = until;
        emit SessionClosing(id, session.claimBefore);
    }

    /// @param released budget whose capacity the caller has given back already
    function _close(SessionId id, Session storage session, uint256 released) private {
        uint256 refund = session.budget - session.amount;
        session.state = SessionState.Closed;
        // A claim just voided was unlocked by its own refund, its tip paid out.
        refund -= released;
        emit SessionClosed(id, refund);

        if (refund != 0) LEDGER.unlock(session.user, refund);
        ClaimId pending = session.openClaim;
        uint256 kept = ClaimId.unwrap(pending) == 0 ? 0 : _claims[pending].amount;
        SERVICES.release(session.service, session.budget - released - kept);
    }
}
