// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../core/interfaces/IBeacon.sol";
import {Signatures} from "../core/libraries/Signatures.sol";
import {ISessions} from "./interfaces/ISessions.sol";
import {SessionBook} from "./sessions/SessionBook.sol";
import {Settlement} from "./sessions/Settlement.sol";
import {ClaimId, ServiceId, SessionId, Tier, Voucher} from "./types/ComputeTypes.sol";

/// @title Sessions
/// @notice See {ISessions}.
contract Sessions is Settlement {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using Signatures for bytes32;

    /* STORAGE */

    uint64 private _sessionCount;
    uint64 private _claimCount;

    /* CONSTRUCTOR */

    constructor(Wiring memory wiring) SessionBook(wiring) {}

    /* OPENING */

    /// @inheritdoc ISessions
    function open(Order calldata order) external returns (SessionId id) {
        require(MODULES.takesNewBusiness(address(this)), Sessions_NewBusinessStopped());
        require(order.tier == Tier.Exact, Sessions_TierNotAudited(order.tier));
        require(order.budget != 0, Sessions_ZeroBudget());
        _requireDuration(order.duration);

        id = SessionId.wrap(++_sessionCount);
        Session storage session = _sessions[id];
        _match(session, id, order);
        session.user = msg.sender;
        session.voucherSigner = order.voucherSigner == address(0) ? msg.sender : order.voucherSigner;
        session.expiresAt = uint64(block.timestamp + order.duration);
        session.claimBefore = uint64(session.expiresAt + PARAMETERS.get("sessions.claimWindow"));
        session.tier = order.tier;
        session.state = SessionState.Open;
        session.feeBps = PARAMETERS.get("sessions.feeBps").toUint16();
        session.modelId = order.modelId;
        session.budget = order.budget;
        _emitOpened(id, session);

        LEDGER.lock(msg.sender, order.budget);
    }

    function _requireDuration(uint256 duration) private view {
        uint256 min = PARAMETERS.get("sessions.minDuration");
        uint256 max = PARAMETERS.get("sessions.maxDuration");
        require(duration >= min && duration <= max, Sessions_InvalidDuration(duration, min, max));
    }

    function _match(Session storage session, SessionId id, Order calldata order) private {
        bytes32 salt = keccak256(abi.encode(id, msg.sender, blockhash(block.number - 1)));
        (ServiceId service, uint256 unitPrice, address operator, address signer) = SERVICES.reserve(
            order.modelId,
            order.tier,
            order.maxUnitPrice,
            order.budget,
            salt
        );
        session.service = service;
        session.operator = operator;
        session.receiptSigner = signer;
        session.unitPrice = uint128(unitPrice);
    }

    function _emitOpened(SessionId id, Session memory session) private {
        emit SessionOpened(
            id,
            session.user,
            session.operator,
            session.service,
            session.modelId,
            session.unitPrice,
            session.budget,
            session.expiresAt,
            session.voucherSigner,
            session.claimBefore,
            session.feeBps
        );
    }

    /* CLAIMING */

    /// @inheritdoc ISessions
    function claim(Voucher calldata voucher, bytes calldata signature) external returns (ClaimId id) {
        SessionId sessionId = SessionId.wrap(voucher.session);
        Session storage session = _known(sessionId);
        _requireClaimable(sessionId, session, voucher);
        require(
            voucherDigest(voucher).isSignedBy(session.voucherSigner, signature),
            Sessions_InvalidVoucher(sessionId, session.voucherSigner)
        );
        SERVICES.requireCovered(session.operator);

        id = ClaimId.wrap(++_claimCount);
        Claim storage posted = _claims[id];
        posted.session = sessionId;
        posted.state = ClaimState.Auditing;
        posted.last = session.state != SessionState.Open || block.timestamp > session.expiresAt;
        posted.amount = voucher.amount - session.amount;
        posted.firstReceipt = session.receipts;
        posted.receipts = voucher.receipts;
        posted.receiptsRoot = voucher.receiptsRoot;
        posted.claimedAt = uint64(block.timestamp);
        posted.freeAt = uint64(block.timestamp + PARAMETERS.get("sessions.disputeWindow"));
        (session.amount, session.receipts, session.openClaim) = (voucher.amount, voucher.receipts, id);

        _fund(id, posted, session);
        emit ClaimPosted(
            id,
            sessionId,
            session.operator,
            posted.amount,
            posted.firstReceipt,
            posted.receipts,
            posted.receiptsRoot,
            posted.draw
        );
    }

    function _requireClaimable(SessionId id, Session storage session, Voucher calldata voucher) private view {
        SessionState state = session.state;
        require(state == SessionState.Open || state == SessionState.Closing, Sessions_WrongState(id, state));
        require(
            msg.sender == session.operator || msg.sender == session.receiptSigner,
            Sessions_NotParty(id, msg.sender)
        );
        require(block.timestamp <= session.claimBefore, Sessions_TooLate(id, session.claimBefore));
        ClaimId pending = session.openClaim;
        require(ClaimId.unwrap(pending) == 0, Sessions_ClaimPending(id, pending));
        require(
            voucher.amount > session.amount && voucher.receipts > session.receipts,
            Sessions_NothingNew(id, session.amount, session.receipts)
        );
        require(voucher.amount <= session.budget, Sessions_OverBudget(id, voucher.amount, session.budget));
    }

    /// @dev Fixes the audit's terms, pays the tip out of the claim and asks for the draw.
    function _fund(ClaimId id, Claim storage posted, Session storage session) private {
        (uint256 cost, uint32 roster) = AUDITS.prepare(
            id,
            posted.receipts - posted.firstReceipt,
            session.operator,
            session.user
        );
        uint128 tip = PARAMETERS.get("beacon.tip").toUint128();
        uint256 needed = cost + tip + _feeDown(posted.amount, session.feeBps);
        require(posted.amount >= needed, Sessions_BelowAuditCost(posted.amount, needed));
        posted.roster = roster;
        posted.tip = tip;
        if (tip != 0) {
            LEDGER.payOut(session.user, address(this), tip);
            TOKEN.forceApprove(address(BEACON), tip);
        }
        posted.draw = BEACON.request(IBeacon.Source.Block, tip);
    }
}
