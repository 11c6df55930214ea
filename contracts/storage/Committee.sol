// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBonds} from "../core/interfaces/IBonds.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {Endpoint} from "../core/libraries/Endpoint.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {SlotTable} from "./libraries/SlotTable.sol";

/// @title Committee
/// @notice Who stores which share of every segment.
contract Committee is ICommittee, EIP712 {
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant MAX_MEMBERS = 255;
    bytes32 private constant NODE_BOND = "storage.nodeBond";
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "SegmentReceipt(bytes32 commitment,uint32 k,uint32 n,uint32 rowSize,uint256 slots)"
    );

    IBonds public immutable bonds;
    IParameters public immutable parameters;
    IModules public immutable modules;

    /* STORAGE */

    /// @param operator last holder of the number
    /// @param leftAt timestamp, seconds; zero while it serves
    /// @param signer key of its receipts
    /// @param bond required when it joined, wei
    struct Seat {
        address operator;
        uint64 leftAt;
        address signer;
        uint96 bond;
        string endpoint;
    }

    /// @inheritdoc ICommittee
    uint8 public memberCount;
    /// @dev Numbers 1 to this one were given out at least once.
    uint8 private _highest;
    uint256[8] private _owners;
    mapping(uint256 number => Seat) private _seats;
    /// @dev Number that an operator held last; void when the seat went to another.
    mapping(address operator => uint8) private _numbers;
    /// @inheritdoc ICommittee
    mapping(address signer => address) public operatorOf;

    /* CONSTRUCTOR */

    constructor(IBonds bonds_, IParameters parameters_, IModules modules_) EIP712("Mycelia Committee", "1") {
        bonds = bonds_;
        parameters = parameters_;
        modules = modules_;
    }

    /* MEMBERSHIP */

    /// @inheritdoc ICommittee
    function join(address signer, string calldata endpoint) external returns (uint8 member) {
        require(modules.takesNewBusiness(address(this)), Committee_NewBusinessStopped());
        require(memberOf(msg.sender) == 0, Committee_AlreadyMember(msg.sender));
        address bound = operatorOf[signer];
        require(
            signer != address(0) && (bound == address(0) || bound == msg.sender),
            Committee_InvalidSigner(signer)
        );
        require(Endpoint.isValid(endpoint), Committee_InvalidEndpoint(endpoint));
        uint256 required = parameters.get(NODE_BOND);
        uint256 allocated = bonds.allocated(msg.sender, address(this));
        require(allocated >= required, Committee_InsufficientBond(msg.sender, allocated, required));

        member = _freeNumber();
        uint8 members = memberCount + 1;
        uint256[8] memory table = _owners;
        SlotTable.seat(table, member, members, 0);

        memberCount = members;
        if (member > _highest) _highest = member;
        _numbers[msg.sender] = member;
        operatorOf[signer] = msg.sender;
        _seats[member] = Seat(msg.sender, 0, signer, required.toUint96(), endpoint);
        emit MemberJoined(member, msg.sender, signer, endpoint);
        _store(table);
    }

    /// @inheritdoc ICommittee
    function resign() external {
        _leave(msg.sender);
    }

    /// @inheritdoc ICommittee
    function evict(address operator) external {
        uint256 allocated = bonds.allocated(operator, address(this));
        uint256 required = Math.min(_seats[_numberOf(operator)].bond, parameters.get(NODE_BOND));
        require(allocated < required, Committee_SufficientBond(operator, allocated, required));

        _leave(operator);
    }

    /// @inheritdoc ICommittee
    function setEndpoint(string calldata endpoint) external {
        uint8 member = _numberOf(msg.sender);
        require(Endpoint.isValid(endpoint), Committee_InvalidEndpoint(endpoint));

        _seats[member].endpoint = endpoint;
        emit EndpointChanged(member, endpoint);
    }

    function _leave(address operator) private {
        uint8 member = _numberOf(operator);

        uint8 members = memberCount - 1;
        uint256[8] memory table = _owners;
        SlotTable.vacate(table, member, members);

        memberCount = members;
        _seats[member].leftAt = uint64(block.timestamp);
        emit MemberLeft(member, operator);
        _store(table);
    }

    function _store(uint256[8] memory table) private {
        _owners = table;
        emit SlotsAssigned(table);
    }

    /// @dev The caller's own last number, else one never used, else one whose last holder can't be blamed any more. The search is
    /// bounded by 255 and happens only when every number was used.
    function _freeNumber() private view returns (uint8) {
        uint8 own = _numbers[msg.sender];
        if (own != 0 && _seats[own].operator == msg.sender) return own;
        if (_highest < MAX_MEMBERS) return _highest + 1;
        uint256 delay = bonds.unbondDelay();
        for (uint256 number = 1; number <= MAX_MEMBERS; ++number) {
            uint256 leftAt = _seats[number].leftAt;
            if (leftAt != 0 && block.timestamp > leftAt + delay) return uint8(number);
        }
        revert Committee_Full(memberCount);
    }

    /* VIEWS */

    /// @inheritdoc ICommittee
    function owners() external view returns (uint256[8] memory) {
        return _owners;
    }

    /// @inheritdoc ICommittee
    function ownerOf(uint8 slot) external view returns (uint8 member) {
        return uint8(SlotTable.ownerIn(_owners[slot >> 5], slot));
    }

    /// @inheritdoc ICommittee
    function memberAt(uint8 member) external view returns (Member memory) {
        Seat storage seat = _seats[member];
        uint256 slots = member == 0 ? 0 : SlotTable.countAll(_owners)[member];
        return Member(seat.operator, seat.signer, uint16(slots), seat.leftAt, seat.endpoint);
    }

    /// @inheritdoc ICommittee
    function memberOf(address operator) public view returns (uint8) {
        uint8 member = _numbers[operator];
        Seat storage seat = _seats[member];
        return seat.operator == operator && seat.leftAt == 0 ? member : 0;
    }

    /// @inheritdoc ICommittee
    function receiptDigest(
        bytes32 commitment,
        uint32 k,
        uint32 n,
        uint32 rowSize,
        uint256 slots
    ) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, commitment, k, n, rowSize, slots)));
    }

    function _numberOf(address operator) private view returns (uint8 member) {
        member = memberOf(operator);
        require(member != 0, Committee_NotMember(operator));
    }
}
