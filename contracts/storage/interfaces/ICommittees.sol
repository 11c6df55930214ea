// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../../core/types/DrawId.sol";
import {BLS} from "../../core/libraries/BLS.sol";
import {CommitteeId} from "../types/StorageTypes.sol";

/// @notice Sticky committees of storage nodes. A committee has 256 slots, each owned by one member; weight is the number of
/// slots.
/// @dev The owner table is eight words of 32 slots, one byte a slot, slot s being byte s mod 32, counted from the least
/// significant, of word s / 32: 0 is nobody, i is the member in seat i (1..255). Row r of a segment with K+N rows belongs to
/// slot (floor(256*r/(K+N)) + offset) mod 256, offset = first byte of the segment's commitment.
///
/// Who wants in bonds, pays a fee that never comes back, and asks the beacon. Its seed says which committee and which slots:
/// nobody's first, then those of the largest holders, met on a walk that starts where the seed says. Nobody holds more than 32
/// slots. In an epoch, at most parameter "storage.churn" (bps of 256 slots, rounded down) of a committee's slots leave an owner by
/// entries and resignations; removals (`evict`, `expel`) count but are never held up, and slots that were nobody's don't count.
/// The parameter's lower bound is 1,250 bps, 32 slots: in an epoch in which nothing has moved, any one change fits.
///
/// The table at the start of the epoch before is the one that answers: for epoch e, the liable owner of a slot is its owner when
/// epoch e - 1 began. So who hands a slot over answers for it until the epoch after, and who takes one over has at least one
/// whole epoch to fetch its rows.
///
/// Every member has a BLS12-381 key (min-pk) whose possession it has proven; a committee's aggregate key is kept up to date, so
/// that a certificate costs as much as its missing signers.
interface ICommittees {
    /// @param operator who bonded
    /// @param signer hot key that signs requests and receipts
    /// @param slots number of slots owned; zero after leaving
    /// @param enteredAt seconds
    /// @param leftAt when it left, seconds; zero while it serves
    /// @param endpoint base URL
    struct Member {
        address operator;
        address signer;
        uint16 slots;
        uint64 enteredAt;
        uint64 leftAt;
        string endpoint;
    }

    error Committees_AlreadyMember(address operator);
    error Committees_NotMember(address operator);
    error Committees_NoRequest(address operator);
    error Committees_AlreadyRequested(address operator);
    /// @notice Thrown when the draw of a request isn't fulfilled.
    error Committees_DrawNotReady(address operator, DrawId draw);
    /// @notice Thrown when a request is to lapse that can still be entered.
    error Committees_RequestStands(address operator, DrawId draw);
    /// @notice Thrown when no seat of the drawn committee is free.
    error Committees_Full(CommitteeId committee);
    /// @notice Thrown when no such committee is open.
    error Committees_Unknown(CommitteeId committee);
    /// @notice Thrown when less than `required` wei are allocated to the module that slashes members.
    error Committees_InsufficientBond(address operator, uint256 allocated, uint256 required);
    error Committees_SufficientBond(address operator, uint256 allocated, uint256 required);
    error Committees_InvalidEndpoint(string endpoint);
    /// @notice Thrown when `signer` is zero or has signed for another operator.
    error Committees_InvalidSigner(address signer);
    /// @notice Thrown when the BLS key is the point at infinity, belongs to another operator, or its possession isn't proven.
    error Committees_InvalidKey(address operator);
    /// @notice Thrown when this epoch's moves of a committee are used up; try again in epoch `next`.
    error Committees_ChurnExceeded(CommitteeId committee, uint256 moves, uint256 left, uint256 next);
    /// @notice Thrown when a seat that is named as a missing signer isn't a member's.
    error Committees_NotSeated(CommitteeId committee, uint256 seats);
    /// @notice Thrown when a committee is to be opened while an earlier one has room.
    error Committees_RoomLeft(CommitteeId committee, uint256 members, uint256 size);
    error Committees_NewBusinessStopped();
    /// @notice Thrown when a table is asked for that is no longer kept.
    error Committees_TableForgotten(CommitteeId committee, uint256 epoch);
    /// @notice Thrown when a table is asked for that isn't settled, `epoch` being later than `current`.
    error Committees_EpochAhead(uint256 epoch, uint256 current);
    /// @notice Thrown when an address that must be named is zero.
    error Committees_ZeroAddress();

    event EntryRequested(
        address indexed operator,
        DrawId indexed draw,
        address signer,
        uint256 fee,
        string endpoint
    );
    event EntryLapsed(address indexed operator, DrawId indexed draw);
    event CommitteeOpened(CommitteeId indexed committee);
    event MemberEntered(
        CommitteeId indexed committee,
        uint8 indexed seat,
        address indexed operator,
        address signer,
        string endpoint
    );
    event MemberLeft(CommitteeId indexed committee, uint8 indexed seat, address indexed operator);
    event EndpointChanged(CommitteeId indexed committee, uint8 indexed seat, string endpoint);
    /// @dev Emitted after every change of ownership with the whole table; `version` counts the changes of a committee.
    event SlotsAssigned(CommitteeId indexed committee, uint32 indexed version, uint256[8] owners);

    /// @notice Asks for a place. Needs "storage.nodeBond" allocated to the slashing module; pays "storage.entryFee" to the
    /// treasury and "beacon.tip" for the draw, both from the caller's allowance. The request may be entered once its draw is
    /// fulfilled.
    /// @param key public key, on the curve and in the subgroup
    /// @param possession signature of `possessionDigest` under `key`
    function requestEntry(
        address signer,
        BLS.G1 calldata key,
        BLS.G2 calldata possession,
        string calldata endpoint
    ) external returns (DrawId draw);
    /// @notice Seats an operator whose draw is fulfilled. Anyone may call. The bond is checked again. The committee is drawn out of
    /// those that were open at the request.
    function enter(address operator) external returns (CommitteeId committee, uint8 seat);
    /// @notice Forgets a request whose draw is lost, whose bond is gone, or whose committee has no seat left. Anyone may call. The
    /// fee stays paid; the tip of a lost draw goes to the treasury.
    function lapse(address operator) external;
    /// @notice Leaves. The slots go one at a time to the smallest holders under 32, or to nobody.
    function resign() external;
    /// @notice Removes a member whose allocation is below the bond that it entered with, or below today's if that is less.
    function evict(address operator) external;
    function setEndpoint(string calldata endpoint) external;
    /// @notice Opens the next committee once each earlier one has "storage.committeeSize" members. Anyone may call.
    function open() external returns (CommitteeId committee);

    function committeeCount() external view returns (uint16);
    /// @notice Committee of a segment out of the first `count`: the one with the highest keccak256(abi.encode(commitment,
    /// committee)) (rendezvous hashing).
    function committeeOf(bytes32 commitment, uint16 count) external pure returns (CommitteeId);
    function owners(CommitteeId committee) external view returns (uint256[8] memory);
    function ownerOf(CommitteeId committee, uint8 slot) external view returns (uint8 seat);
    /// @notice The table as it was when `epoch` began, an epoch of Parameters up to the current one. The tables at the beginnings
    /// of the three latest epochs in which it changed are kept, and so is what they tell of the epochs between them.
    function ownersAt(CommitteeId committee, uint256 epoch) external view returns (uint256[8] memory);
    /// @notice Slots that a seat answers for in `epoch`, bit s for slot s: those it owned when epoch - 1 began. Settled up to the
    /// epoch after the current one.
    function liableSlots(CommitteeId committee, uint8 seat, uint256 epoch) external view returns (uint256);
    /// @notice Number of changes of a committee's table so far; part of every receipt.
    function versionOf(CommitteeId committee) external view returns (uint32);
    /// @notice Aggregate key, and slots (bit s for slot s), of all members but those in the seats whose bits are set in `missing`.
    /// @return key at infinity, which nothing verifies under, when nobody is left
    function signers(
        CommitteeId committee,
        uint256 missing
    ) external view returns (BLS.G1 memory key, uint256 slots);
    /// @notice Seat under which `operator` serves; seat 0 when it doesn't.
    function seatOf(address operator) external view returns (CommitteeId committee, uint8 seat);
    /// @notice The last holder of a seat; all zero when there was none.
    function memberAt(CommitteeId committee, uint8 seat) external view returns (Member memory);
    function keyAt(CommitteeId committee, uint8 seat) external view returns (BLS.G1 memory);
    /// @notice Who answers for a seat: the addresses of its last holder, zero when there was none.
    function holderAt(
        CommitteeId committee,
        uint8 seat
    ) external view returns (address operator, address signer);
    function memberCount(CommitteeId committee) external view returns (uint8);
    /// @notice Seats that are taken, bit i for seat i.
    function seats(CommitteeId committee) external view returns (uint256);
    /// @notice Slots of a committee that may still leave their owners by entries and resignations in the current epoch.
    function movesLeft(CommitteeId committee) external view returns (uint256);
    /// @notice The one operator that `signer` has ever signed for, or zero.
    function operatorOf(address signer) external view returns (address);
    function requestOf(address operator) external view returns (DrawId draw);
    /// @notice Whom the bonds are allocated to: the module that may slash members.
    function slasher() external view returns (address);

    /// @notice EIP-712 digest by which an operator proves to hold a BLS key: type
    /// Possession(address operator,bytes key), key being the 128 bytes of EIP-2537. Domain { name: "Mycelia Committees",
    /// version: "1", chainId, verifyingContract }.
    function possessionDigest(address operator, BLS.G1 calldata key) external view returns (bytes32);
    /// @notice EIP-712 digest of a member's receipt for its strips of one segment (ECDSA by its signer), type
    /// SegmentReceipt(bytes32 commitment,uint32 k,uint32 n,uint32 rowSize,uint256 slots).
    function receiptDigest(
        bytes32 commitment,
        uint32 k,
        uint32 n,
        uint32 rowSize,
        uint256 slots
    ) external view returns (bytes32);
}
