// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {Signatures} from "../core/libraries/Signatures.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IReadSessions} from "./interfaces/IReadSessions.sol";
import {SlotSet} from "./libraries/SlotSet.sol";
import {SlotTable} from "./libraries/SlotTable.sol";
import {ReadSessionId} from "./types/ReadSessionId.sol";
import {CommitteeId} from "./types/StorageTypes.sol";

/// @title ReadSessions
/// @notice Budgets for reading, and what members have earned of them.
contract ReadSessions is IReadSessions, EIP712, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using Signatures for bytes32;
    using SlotSet for uint256;

    /* CONSTANTS AND IMMUTABLES */

    /// @notice Longest session, seconds.
    uint256 public constant MAX_DURATION = 90 days;
    bytes32 private constant PRICE = "storage.readPricePerGiB";
    bytes32 private constant CLAIM_WINDOW = "storage.readClaimWindow";
    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "ReadVoucher(uint64 session,address operator,uint128 amount)"
    );

    IERC20 public immutable token;
    IParameters public immutable parameters;
    IModules public immutable modules;
    ICommittees public immutable committees;

    /* STORAGE */

    uint64 private _sessionCount;
    /// @inheritdoc IReadSessions
    uint256 public totalHeld;
    /// @inheritdoc IReadSessions
    mapping(ReadSessionId id => mapping(address operator => uint256)) public claimedBy;
    mapping(ReadSessionId id => ReadSession) private _sessions;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 in which reads are paid
    constructor(
        IERC20 settlementToken,
        IParameters parameters_,
        IModules modules_,
        ICommittees committees_
    ) EIP712("Mycelia ReadSessions", "1") {
        token = settlementToken;
        parameters = parameters_;
        modules = modules_;
        committees = committees_;
    }

    /* OPENING */

    /// @inheritdoc IReadSessions
    /// @dev Takes the money first, so that a token that keeps a fee is credited with what arrived.
    function open(
        CommitteeId committee,
        uint128 budget,
        uint40 duration,
        address signer
    ) external nonReentrant returns (ReadSessionId id) {
        require(modules.takesNewBusiness(address(this)), ReadSessions_NewBusinessStopped());
        require(
            duration != 0 && duration <= MAX_DURATION,
            ReadSessions_InvalidDuration(duration, MAX_DURATION)
        );
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), budget);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received != 0, ReadSessions_ZeroBudget());

        uint256[8] memory owners = committees.owners(committee);
        ReadSession memory session;
        session.owner = msg.sender;
        session.committee = committee;
        session.signer = signer == address(0) ? msg.sender : signer;
        session.openedAt = block.timestamp.toUint40();
        session.expiresAt = (block.timestamp + duration).toUint40();
        session.claimBefore = (session.expiresAt + parameters.get(CLAIM_WINDOW)).toUint40();
        session.budget = received.toUint128();
        session.price = parameters.get(PRICE).toUint128();
        session.ownersHash = keccak256(abi.encode(owners));

        id = ReadSessionId.wrap(++_sessionCount);
        totalHeld += received;
        _sessions[id] = session;
        _emitOpened(id, session, owners);
    }

    function _emitOpened(ReadSessionId id, ReadSession memory session, uint256[8] memory owners) private {
        emit ReadSessionOpened(
            id,
            session.owner,
            session.committee,
            session.signer,
            session.budget,
            session.price,
            session.expiresAt,
            session.claimBefore,
            owners
        );
    }

    /* CLAIMING */

    /// @inheritdoc IReadSessions
    function claim(
        ReadSessionId id,
        uint8 seat,
        uint256[8] calldata owners,
        uint128 amount,
        bytes calldata signature
    ) external nonReentrant returns (uint256 paid) {
        ReadSession storage session = _known(id);
        require(block.timestamp <= session.claimBefore, ReadSessions_TooLate(id, session.claimBefore));
        uint256 cap = _capDown(id, session, seat, owners);
        address operator = _holderOf(id, session, seat);
        address signer = session.signer;
        require(
            voucherDigest(id, operator, amount).isSignedBy(signer, signature),
            ReadSessions_InvalidVoucher(id, signer)
        );
        uint256 claimed = claimedBy[id][operator];
        uint256 covered = Math.min(amount, cap);
        require(covered > claimed, ReadSessions_NothingNew(id, operator, claimed, cap));
        paid = covered - claimed;

        claimedBy[id][operator] = covered;
        // Caps add up to the budget at most.
        session.claimed += uint128(paid);
        totalHeld -= paid;
        emit ReadsPaid(id, operator, paid, covered);

        token.safeTransfer(operator, paid);
    }

    /// @dev Whoever entered after the opening may not spend the cap of who held the seat then.
    function _holderOf(
        ReadSessionId id,
        ReadSession storage session,
        uint8 seat
    ) private view returns (address operator) {
        ICommittees.Member memory member = committees.memberAt(session.committee, seat);
        operator = member.operator;
        require(
            operator != address(0) && member.enteredAt <= session.openedAt,
            ReadSessions_NotSeated(id, seat)
        );
    }

    /// @inheritdoc IReadSessions
    function close(ReadSessionId id) external nonReentrant returns (uint256 refunded) {
        ReadSession storage session = _known(id);
        require(block.timestamp > session.claimBefore, ReadSessions_TooEarly(id, session.claimBefore));
        refunded = session.budget - session.claimed;
        address owner = session.owner;

        totalHeld -= refunded;
        delete _sessions[id];
        emit ReadSessionClosed(id, refunded);

        if (refunded != 0) token.safeTransfer(owner, refunded);
    }

    /* VIEWS */

    /// @inheritdoc IReadSessions
    function voucherDigest(ReadSessionId id, address operator, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, id, operator, amount)));
    }

    /// @inheritdoc IReadSessions
    function get(ReadSessionId id) external view returns (ReadSession memory) {
        return _known(id);
    }

    /// @inheritdoc IReadSessions
    function capDown(
        ReadSessionId id,
        uint8 seat,
        uint256[8] calldata owners
    ) external view returns (uint256) {
        return _capDown(id, _known(id), seat, owners);
    }

    function _known(ReadSessionId id) private view returns (ReadSession storage session) {
        session = _sessions[id];
        require(session.owner != address(0), ReadSessions_Unknown(id));
    }

    function _capDown(
        ReadSessionId id,
        ReadSession storage session,
        uint8 seat,
        uint256[8] calldata owners
    ) private view returns (uint256) {
        require(keccak256(abi.encode(owners)) == session.ownersHash, ReadSessions_WrongTable(id));
        // Seat 0 is nobody.
        if (seat == 0) return 0;
        return (uint256(session.budget) * SlotTable.maskOf(owners, seat).size()) / SlotTable.SLOTS;
    }
}
