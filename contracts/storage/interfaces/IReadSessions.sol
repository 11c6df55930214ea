// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReadSessionId} from "../types/ReadSessionId.sol";
import {CommitteeId} from "../types/StorageTypes.sol";

/// @notice Prepaid reading from one committee. A client locks a budget; each member is paid by vouchers that the client signs
/// as it reads.
/// @dev Vouchers are per member and cumulative: the newest one stands for all before it. What a member can claim is capped at
/// budget * s / 256, rounded down, s being the number of slots that its seat owned when the session opened. Those caps add up to
/// the budget at most, so a voucher up to the cap is always covered, whatever the client has signed for others.
///
/// A seat's cap is for whoever held it at the opening and holds it last; who leaves should claim before the seat is given to
/// another, or before entering again.
interface IReadSessions {
    /// @param owner who paid, and is refunded
    /// @param expiresAt timestamp from which nodes needn't serve, seconds
    /// @param claimBefore last timestamp at which a claim is taken, seconds
    /// @param committee whose members may claim
    /// @param signer who signs vouchers and read requests: a key, or a contract by ERC-1271
    /// @param openedAt timestamp, seconds
    /// @param budget wei locked
    /// @param claimed wei paid to members so far
    /// @param price wei per GiB sent, as it was at the opening
    /// @param ownersHash keccak256(abi.encode(owners)) of the committee's owner table at the opening
    struct ReadSession {
        address owner;
        uint40 expiresAt;
        uint40 claimBefore;
        CommitteeId committee;
        address signer;
        uint40 openedAt;
        uint128 budget;
        uint128 claimed;
        uint128 price;
        bytes32 ownersHash;
    }

    error ReadSessions_Unknown(ReadSessionId id);
    error ReadSessions_ZeroBudget();
    error ReadSessions_InvalidDuration(uint256 duration, uint256 max);
    error ReadSessions_NewBusinessStopped();
    /// @notice Thrown when `owners` is not the table of the opening.
    error ReadSessions_WrongTable(ReadSessionId id);
    /// @notice Thrown when nobody who held the seat at the opening can claim for it.
    error ReadSessions_NotSeated(ReadSessionId id, uint8 seat);
    error ReadSessions_InvalidVoucher(ReadSessionId id, address expectedSigner);
    error ReadSessions_NothingNew(ReadSessionId id, address operator, uint256 claimed, uint256 cap);
    error ReadSessions_TooLate(ReadSessionId id, uint256 claimBefore);
    error ReadSessions_TooEarly(ReadSessionId id, uint256 claimBefore);

    event ReadSessionOpened(
        ReadSessionId indexed id,
        address indexed owner,
        CommitteeId indexed committee,
        address signer,
        uint256 budget,
        uint256 price,
        uint256 expiresAt,
        uint256 claimBefore,
        uint256[8] owners
    );
    event ReadsPaid(ReadSessionId indexed id, address indexed operator, uint256 amount, uint256 claimed);
    event ReadSessionClosed(ReadSessionId indexed id, uint256 refunded);

    /// @notice Locks `budget` wei from the caller's allowance for reads from a committee. Credits what really arrives.
    /// @param duration seconds for which members serve; "storage.readClaimWindow" more are left for claims
    /// @param signer of the vouchers; the caller when zero
    function open(
        CommitteeId committee,
        uint128 budget,
        uint40 duration,
        address signer
    ) external returns (ReadSessionId id);
    /// @notice Pays a member what its voucher says beyond earlier claims, up to its cap. Anyone may call; the operator is paid.
    /// @param seat of the member at the opening
    /// @param owners the committee's owner table at the opening, as its event says
    /// @param amount cumulative wei of the voucher
    function claim(
        ReadSessionId id,
        uint8 seat,
        uint256[8] calldata owners,
        uint128 amount,
        bytes calldata signature
    ) external returns (uint256 paid);
    /// @notice After the last claim: gives the owner what nobody has claimed. Anyone may call.
    function close(ReadSessionId id) external returns (uint256 refunded);

    /// @notice EIP-712 digest of a voucher: type ReadVoucher(uint64 session,address operator,uint128 amount), domain
    /// { name: "Mycelia ReadSessions", version: "1", chainId, verifyingContract }.
    function voucherDigest(
        ReadSessionId id,
        address operator,
        uint128 amount
    ) external view returns (bytes32);
    /// @notice A session that is not closed.
    function get(ReadSessionId id) external view returns (ReadSession memory);
    /// @notice Most wei that a seat can claim, rounded down.
    function capDown(
        ReadSessionId id,
        uint8 seat,
        uint256[8] calldata owners
    ) external view returns (uint256);
    /// @notice Wei that an operator has claimed.
    function claimedBy(ReadSessionId id, address operator) external view returns (uint256);
    /// @notice Sum of all budgets less claims and refunds, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
}
