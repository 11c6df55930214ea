// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../../core/types/DrawId.sol";
import {ClaimId, Receipt, ServiceId, SessionId, Tier, Voucher} from "../types/ComputeTypes.sol";

/// @notice Sessions fix terms and lock a budget; vouchers are claimed against them; a claim is free only after its audit.
interface ISessions {
    /// @dev Open: serves. Closing: no new requests, the operator may still claim until `claimBefore`. Closed: money is back.
    enum SessionState {
        None,
        Open,
        Closing,
        Closed
    }

    /// @dev Auditing: draw or audit under way. Free: verdict honest, payable from `freeAt`. Settled: paid.
    /// Void: guilty or draw expired; the amount went back to the user and the session is closed.
    enum ClaimState {
        None,
        Auditing,
        Free,
        Settled,
        Void
    }

    /// @param modelId model wanted
    /// @param tier how answers are judged
    /// @param maxUnitPrice ceiling, wei
    /// @param budget wei to lock from the caller's ledger balance
    /// @param duration seconds, within `sessions.minDuration` and `sessions.maxDuration`
    /// @param voucherSigner key that signs vouchers and requests; the caller when zero
    struct Order {
        bytes32 modelId;
        Tier tier;
        uint128 maxUnitPrice;
        uint128 budget;
        uint32 duration;
        address voucherSigner;
    }

    /// @param amount wei claimed so far (settled or under audit)
    /// @param receipts receipts claimed so far
    /// @param expiresAt timestamp after which the operator need not serve
    /// @param claimBefore last timestamp at which a claim is taken
    /// @param feeBps protocol fee on claims, fixed when the session opened
    /// @param openClaim claim under audit, or zero
    struct Session {
        address user;
        ServiceId service;
        address voucherSigner;
        uint64 expiresAt;
        Tier tier;
        SessionState state;
        uint16 feeBps;
        address operator;
        uint64 receipts;
        address receiptSigner;
        uint64 claimBefore;
        bytes32 modelId;
        uint128 unitPrice;
        uint128 budget;
        uint128 amount;
        ClaimId openClaim;
    }

    /// @param amount wei that this claim adds
    /// @param firstReceipt first receipt index that this claim covers
    /// @param receipts total receipts under `receiptsRoot`; this claim covers [firstReceipt, receipts)
    /// @param freeAt timestamp from which the claim can be settled, once it is Free
    /// @param roster version of the verifiers' roster when claimed: only who stood there may be drawn
    /// @param last posted after the session had expired or started closing: its verdict prolongs nothing
    /// @param tip wei paid out of the claim for fulfilling its draw
    struct Claim {
        SessionId session;
        ClaimState state;
        uint128 amount;
        uint32 roster;
        bool last;
        uint64 firstReceipt;
        uint64 receipts;
        DrawId draw;
        uint64 claimedAt;
        bytes32 receiptsRoot;
        uint64 freeAt;
        uint128 tip;
    }

    error Sessions_Unknown(SessionId id);
    error Sessions_UnknownClaim(ClaimId id);
    error Sessions_InvalidDuration(uint256 duration, uint256 min, uint256 max);
    error Sessions_ZeroBudget();
    error Sessions_WrongState(SessionId id, SessionState state);
    error Sessions_NotParty(SessionId id, address caller);
    error Sessions_InvalidVoucher(SessionId id, address expectedSigner);
    error Sessions_NothingNew(SessionId id, uint256 claimedAmount, uint256 claimedReceipts);
    error Sessions_OverBudget(SessionId id, uint256 amount, uint256 budget);
    error Sessions_ClaimPending(SessionId id, ClaimId claim);
    error Sessions_TooLate(SessionId id, uint256 claimBefore);
    error Sessions_TooEarly(SessionId id, uint256 until);
    error Sessions_ClaimNotFree(ClaimId id, ClaimState state, uint256 freeAt);
    error Sessions_BelowAuditCost(uint256 amount, uint256 cost);
    error Sessions_OnlyAudits(address caller);
    error Sessions_NewBusinessStopped();
    /// @notice Thrown for a tier that no audit can judge yet.
    error Sessions_TierNotAudited(Tier tier);
    error Sessions_TipNotReturnable(ClaimId id, uint256 tip);

    event SessionOpened(
        SessionId indexed id,
        address indexed user,
        address indexed operator,
        ServiceId service,
        bytes32 modelId,
        uint256 unitPrice,
        uint256 budget,
        uint256 expiresAt,
        address voucherSigner,
        uint256 claimBefore,
        uint256 feeBps
    );
    event ClaimPosted(
        ClaimId indexed id,
        SessionId indexed session,
        address indexed operator,
        uint256 amount,
        uint256 firstReceipt,
        uint256 receipts,
        bytes32 receiptsRoot,
        DrawId draw
    );
    event ClaimFreed(ClaimId indexed id, uint256 freeAt);
    event ClaimVoided(ClaimId indexed id, uint256 refunded);
    event ClaimSettled(ClaimId indexed id, uint256 toOperator, uint256 toVerifiers, uint256 toTreasury);
    event TipReturned(ClaimId indexed id, address indexed user, uint256 amount);
    /// @dev A claim that was under audit is decided: the operator gets a full claim window for what came after it.
    event ClaimWindowProlonged(SessionId indexed id, uint256 claimBefore);
    event SessionClosing(SessionId indexed id, uint256 claimBefore);
    event SessionClosed(SessionId indexed id, uint256 refunded);

    /// @notice Matches a service, fixes the terms and locks the budget of the caller.
    function open(Order calldata order) external returns (SessionId id);
    /// @notice Operator or its receipt signer posts the user's newest voucher; the draw is requested in the same transaction.
    /// @dev One claim at a time is under audit. What it adds must cover its verifiers, the fee and `beacon.tip`; the tip is
    /// paid out of it at once. The operator's bond must cover all that it has admitted.
    function claim(Voucher calldata voucher, bytes calldata signature) external returns (ClaimId id);
    /// @notice Pays a free claim: verifiers, treasury, and the operator all the rest. Anyone may turn this crank.
    function settle(ClaimId id) external;
    /// @notice User or operator ends the session. The user's call starts the claim window; the operator's call, or any
    /// call after `claimBefore`, closes it and returns the unclaimed budget.
    /// @dev A claim under audit keeps its own amount locked until it is settled or void. While it is, only the operator can
    /// close, unless the claim is the last: the verdict on an earlier one gives the operator a new claim window.
    function close(SessionId id) external;

    /// @notice Gives the user back the tip of a draw that nobody fulfilled. Anyone.
    function returnTip(ClaimId id) external;

    /// @notice Audits reports a claim honest, or that no committee could judge it. Audits only.
    function free(ClaimId id) external;
    /// @notice Audits reports guilt or an expired draw; the session closes and all that isn't free goes back to the user.
    /// Audits only.
    /// @return refunded wei of the claim that went back: its amount without the tip
    function void(ClaimId id) external returns (uint256 refunded);

    function get(SessionId id) external view returns (Session memory);
    function claimOf(ClaimId id) external view returns (Claim memory);
    /// @notice EIP-712 digest of a receipt: signed by the provider, and the data of its mountain-range leaf.
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);
    function voucherDigest(Voucher calldata voucher) external view returns (bytes32);
}
