// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBonds} from "../../core/interfaces/IBonds.sol";
import {BLS} from "../../core/libraries/BLS.sol";
import {ICommittees} from "../interfaces/ICommittees.sol";
import {pack, PackedKey} from "../libraries/PackedKey.sol";
import {SlotTable} from "../libraries/SlotTable.sol";
import {CommitteeId} from "../types/StorageTypes.sol";
import {Tables} from "./Tables.sol";

/// @title Seats
/// @notice Who sits where, under which keys, and what a committee's keys add up to.
abstract contract Seats is Tables {
    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant MAX_SEATS = 255;

    IBonds public immutable bonds;
    /// @inheritdoc ICommittees
    address public immutable slasher;

    /* STORAGE */

    /// @param taken seats that are taken, bit i for seat i
    /// @param members their number
    /// @param highest seats 1 to this one were given out at least once
    /// @param sum aggregate key
    struct Committee {
        uint256 taken;
        uint8 members;
        uint8 highest;
        PackedKey sum;
    }

    /// @param operator last holder
    /// @param enteredAt timestamp, seconds
    /// @param leftAt timestamp, seconds; zero while it serves
    /// @param bond required when it entered, wei
    struct Seat {
        address operator;
        uint40 enteredAt;
        uint40 leftAt;
        address signer;
        uint96 bond;
        PackedKey key;
        string endpoint;
    }

    struct Place {
        CommitteeId committee;
        uint8 seat;
    }

    mapping(CommitteeId committee => Committee) private _committees;
    mapping(CommitteeId committee => mapping(uint256 seat => Seat)) private _seats;
    /// @dev Seat that an operator held last; void when it went to another.
    mapping(address operator => Place) private _places;

    /* CONSTRUCTOR */

    constructor(IBonds bonds_, address slasher_) {
        require(slasher_ != address(0), Committees_ZeroAddress());
        bonds = bonds_;
        slasher = slasher_;
    }

    /* COMING AND GOING */

    /// @param seated record of who enters
    /// @param start slot at which the walk for its slots starts
    function _admit(CommitteeId committee, Seat memory seated, uint256 start) internal returns (uint8 seat) {
        seat = _freeSeat(committee, seated.operator);
        require(seat != 0, Committees_Full(committee));
        Committee storage body = _committees[committee];
        uint8 members = body.members + 1;
        uint256[8] memory table = owners(committee);
        uint256 moved = SlotTable.seat(table, seat, members, start);

        body.taken |= 1 << seat;
        body.members = members;
        if (seat > body.highest) body.highest = seat;
        body.sum = pack(BLS.add(body.sum.unpack(), seated.key.unpack()));
        _seats[committee][seat] = seated;
        _places[seated.operator] = Place(committee, seat);
        emit MemberEntered(committee, seat, seated.operator, seated.signer, seated.endpoint);
        _assign(committee, table, moved, true);
    }

    /// @param isBounded whether the slots must fit into what may still move in this epoch
    function _leave(address operator, bool isBounded) internal {
        (CommitteeId committee, uint8 seat) = _requireSeated(operator);
        Committee storage body = _committees[committee];
        Seat storage left = _seats[committee][seat];
        uint8 members = body.members - 1;
        uint256[8] memory table = owners(committee);
        uint256 moved = SlotTable.vacate(table, seat, members);

        body.taken &= ~(1 << seat);
        body.members = members;
        body.sum = pack(BLS.add(body.sum.unpack(), BLS.negate(left.key.unpack())));
        left.leftAt = uint40(block.timestamp);
        emit MemberLeft(committee, seat, operator);
        _assign(committee, table, moved, isBounded);
        _onLeft(operator);
    }

    /// @dev Called when a member has left, by whatever way.
    function _onLeft(address operator) internal virtual;

    function _setEndpoint(address operator, string calldata endpoint) internal {
        (CommitteeId committee, uint8 seat) = _requireSeated(operator);

        _seats[committee][seat].endpoint = endpoint;
        emit EndpointChanged(committee, seat, endpoint);
    }

    /// @dev The operator's own last seat, else one never used, else one whose last holder can't be blamed any more. The search is
    /// bounded by 255 and happens only when every seat was used.
    /// @return seat 0 when none is free
    function _freeSeat(CommitteeId committee, address operator) internal view returns (uint8 seat) {
        Place memory own = _places[operator];
        if (own.committee == committee && own.seat != 0 && _seats[committee][own.seat].operator == operator) {
            return own.seat;
        }
        uint8 highest = _committees[committee].highest;
        if (highest < MAX_SEATS) return highest + 1;
        uint256 delay = bonds.unbondDelay();
        for (uint256 used = 1; used <= MAX_SEATS; ++used) {
            uint256 leftAt = _seats[committee][used].leftAt;
            if (leftAt != 0 && block.timestamp > leftAt + delay) return uint8(used);
        }
    }

    /* VIEWS */

    /// @inheritdoc ICommittees
    function signers(
        CommitteeId committee,
        uint256 missing
    ) external view returns (BLS.G1 memory key, uint256 slots) {
        Committee storage body = _committees[committee];
        uint256 strangers = missing & ~body.taken;
        require(strangers == 0, Committees_NotSeated(committee, strangers));
        uint256[8] memory table = owners(committee);
        key = body.sum.unpack();
        slots = ~SlotTable.maskOf(table, 0);
        while (missing != 0) {
            uint256 seat = Math.log2(missing);
            missing ^= 1 << seat;
            key = BLS.add(key, BLS.negate(_seats[committee][seat].key.unpack()));
            slots &= ~SlotTable.maskOf(table, seat);
        }
    }

    /// @inheritdoc ICommittees
    function seatOf(address operator) public view returns (CommitteeId committee, uint8 seat) {
        Place memory place = _places[operator];
        Seat storage held = _seats[place.committee][place.seat];
        if (held.operator == operator && held.leftAt == 0) return (place.committee, place.seat);
    }

    /// @inheritdoc ICommittees
    function memberAt(CommitteeId committee, uint8 seat) external view returns (Member memory) {
        Seat storage held = _seats[committee][seat];
        uint256 slots = seat == 0 ? 0 : SlotTable.countAll(owners(committee))[seat];
        return Member(held.operator, held.signer, uint16(slots), held.enteredAt, held.leftAt, held.endpoint);
    }

    /// @inheritdoc ICommittees
    function keyAt(CommitteeId committee, uint8 seat) external view returns (BLS.G1 memory) {
        return _seats[committee][seat].key.unpack();
    }

    /// @inheritdoc ICommittees
    function holderAt(
        CommitteeId committee,
        uint8 seat
    ) external view returns (address operator, address signer) {
        Seat storage held = _seats[committee][seat];
        return (held.operator, held.signer);
    }

    /// @inheritdoc ICommittees
    function memberCount(CommitteeId committee) public view returns (uint8) {
        return _committees[committee].members;
    }

    /// @inheritdoc ICommittees
    function seats(CommitteeId committee) external view returns (uint256) {
        return _committees[committee].taken;
    }

    function _requireSeated(address operator) internal view returns (CommitteeId committee, uint8 seat) {
        (committee, seat) = seatOf(operator);
        require(seat != 0, Committees_NotMember(operator));
    }

    function _seatAt(CommitteeId committee, uint8 seat) internal view returns (Seat storage) {
        return _seats[committee][seat];
    }
}
