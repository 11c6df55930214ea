// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBeacon} from "../../core/interfaces/IBeacon.sol";
import {IModules} from "../../core/interfaces/IModules.sol";
import {BLS} from "../../core/libraries/BLS.sol";
import {Endpoint} from "../../core/libraries/Endpoint.sol";
import {DrawId} from "../../core/types/DrawId.sol";
import {ICommittees} from "../interfaces/ICommittees.sol";
import {pack, PackedKey} from "../libraries/PackedKey.sol";
import {CommitteeId} from "../types/StorageTypes.sol";
import {Seats} from "./Seats.sol";

/// @title Entry
/// @notice How an operator comes in: request, draw, seat; and how there come to be more committees.
abstract contract Entry is Seats, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    bytes32 internal constant NODE_BOND = "storage.nodeBond";
    bytes32 private constant ENTRY_FEE = "storage.entryFee";
    bytes32 private constant COMMITTEE_SIZE = "storage.committeeSize";
    bytes32 private constant BEACON_TIP = "beacon.tip";
    bytes32 private constant POSSESSION_TYPEHASH = keccak256("Possession(address operator,bytes key)");

    /// @notice The ERC-20 in which fees, tips and deposits are paid.
    IERC20 public immutable token;
    IModules public immutable modules;
    IBeacon public immutable beacon;
    /// @notice Whose entropy decides where who enters sits.
    IBeacon.Source public immutable source;
    address public immutable treasury;

    /* STORAGE */

    /// @param committees number of them that were open
    struct Request {
        DrawId draw;
        uint16 committees;
        address signer;
        PackedKey key;
        string endpoint;
    }

    /// @inheritdoc ICommittees
    uint16 public committeeCount = 1;
    mapping(address operator => Request) private _requests;
    /// @inheritdoc ICommittees
    mapping(address signer => address) public operatorOf;
    /// @dev The one operator that has ever proven to hold a BLS key.
    mapping(bytes32 key => address) private _holders;

    /* CONSTRUCTOR */

    constructor(IModules modules_, IBeacon beacon_, IBeacon.Source source_, address treasury_) {
        require(treasury_ != address(0), Committees_ZeroAddress());
        modules = modules_;
        beacon = beacon_;
        source = source_;
        treasury = treasury_;
        token = IERC20(beacon_.token());
        emit CommitteeOpened(CommitteeId.wrap(0));
    }

    modifier newBusiness() {
        require(modules.takesNewBusiness(address(this)), Committees_NewBusinessStopped());
        _;
    }

    /* REQUESTS */

    /// @inheritdoc ICommittees
    function requestEntry(
        address signer,
        BLS.G1 calldata key,
        BLS.G2 calldata possession,
        string calldata endpoint
    ) external newBusiness nonReentrant returns (DrawId draw) {
        _requireNew(msg.sender, signer);
        require(Endpoint.isValid(endpoint), Committees_InvalidEndpoint(endpoint));
        _requireBond(msg.sender);
        _requirePossession(msg.sender, key, possession);
        uint256 fee = parameters.get(ENTRY_FEE);

        draw = _draw();
        operatorOf[signer] = msg.sender;
        _holders[keccak256(abi.encode(key))] = msg.sender;
        _requests[msg.sender] = Request(draw, committeeCount, signer, pack(key), endpoint);
        emit EntryRequested(msg.sender, draw, signer, fee, endpoint);

        token.safeTransferFrom(msg.sender, treasury, fee);
    }

    /// @inheritdoc ICommittees
    function enter(
        address operator
    ) external newBusiness nonReentrant returns (CommitteeId committee, uint8 seat) {
        Request storage request = _requested(operator);
        (IBeacon.DrawState state, bytes32 seed) = beacon.stateOf(request.draw);
        require(state == IBeacon.DrawState.Fulfilled, Committees_DrawNotReady(operator, request.draw));
        uint256 bond = _requireBond(operator);
        committee = _drawn(seed, request.committees);
        Seat memory seated = Seat({
            operator: operator,
            enteredAt: uint40(block.timestamp),
            leftAt: 0,
            signer: request.signer,
            bond: bond.toUint96(),
            key: request.key,
            endpoint: request.endpoint
        });

        delete _requests[operator];
        seat = _admit(committee, seated, uint8(uint256(seed)));
    }

    /// @inheritdoc ICommittees
    function lapse(address operator) external nonReentrant {
        Request storage request = _requested(operator);
        DrawId draw = request.draw;
        (IBeacon.DrawState state, bytes32 seed) = beacon.stateOf(draw);
        bool isLost = state == IBeacon.DrawState.Expired;
        require(
            isLost || (seed != 0 && !_canEnter(operator, seed, request.committees)),
            Committees_RequestStands(operator, draw)
        );

        delete _requests[operator];
        emit EntryLapsed(operator, draw);

        if (isLost) {
            beacon.expire(draw);
            beacon.collect(treasury);
        }
    }

    /// @inheritdoc ICommittees
    function requestOf(address operator) external view returns (DrawId draw) {
        return _requests[operator].draw;
    }

    /// @dev Pays the tip out of the caller's allowance and asks for the draw.
    function _draw() private returns (DrawId) {
        uint128 tip = parameters.get(BEACON_TIP).toUint128();
        if (tip != 0) {
            token.safeTransferFrom(msg.sender, address(this), tip);
            token.forceApprove(address(beacon), tip);
        }
        return beacon.request(source, tip);
    }

    /// @dev The smaller of two that the seed names, so that committees grow evenly.
    function _drawn(bytes32 seed, uint256 committees) private view returns (CommitteeId) {
        CommitteeId first = CommitteeId.wrap(uint16((uint256(seed) >> 8) % committees));
        CommitteeId second = CommitteeId.wrap(uint16((uint256(seed) >> 128) % committees));
        return memberCount(second) < memberCount(first) ? second : first;
    }

    function _requested(address operator) private view returns (Request storage request) {
        request = _requests[operator];
        require(DrawId.unwrap(request.draw) != 0, Committees_NoRequest(operator));
    }

    function _requireNew(address operator, address signer) private view {
        (, uint8 seat) = seatOf(operator);
        require(seat == 0, Committees_AlreadyMember(operator));
        require(DrawId.unwrap(_requests[operator].draw) == 0, Committees_AlreadyRequested(operator));
        address bound = operatorOf[signer];
        require(
            signer != address(0) && (bound == address(0) || bound == operator),
            Committees_InvalidSigner(signer)
        );
    }

    function _requireBond(address operator) private view returns (uint256 required) {
        required = parameters.get(NODE_BOND);
        uint256 allocated = bonds.allocated(operator, slasher);
        require(allocated >= required, Committees_InsufficientBond(operator, allocated, required));
    }

    function _canEnter(address operator, bytes32 seed, uint256 committees) private view returns (bool) {
        if (bonds.allocated(operator, slasher) < parameters.get(NODE_BOND)) return false;
        return _freeSeat(_drawn(seed, committees), operator) != 0;
    }

    /// @dev A verified signature says that the key is in the subgroup, too.
    function _requirePossession(
        address operator,
        BLS.G1 calldata key,
        BLS.G2 calldata possession
    ) private view {
        address holder = _holders[keccak256(abi.encode(key))];
        bool isFree = holder == address(0) || holder == operator;
        require(
            isFree && BLS.verify(key, possessionDigest(operator, key), possession),
            Committees_InvalidKey(operator)
        );
    }

    /// @inheritdoc ICommittees
    function possessionDigest(address operator, BLS.G1 calldata key) public view returns (bytes32) {
        bytes32 keyHash = keccak256(abi.encode(key));
        return _hashTypedDataV4(keccak256(abi.encode(POSSESSION_TYPEHASH, operator, keyHash)));
    }

    /* COMMITTEES */

    /// @inheritdoc ICommittees
    function open() external newBusiness returns (CommitteeId committee) {
        uint256 size = parameters.get(COMMITTEE_SIZE);
        uint16 count = committeeCount;
        for (uint16 i = 0; i < count; ++i) {
            CommitteeId earlier = CommitteeId.wrap(i);
            uint256 members = memberCount(earlier);
            require(members >= size, Committees_RoomLeft(earlier, members, size));
        }
        committee = CommitteeId.wrap(count);

        committeeCount = count + 1;
        emit CommitteeOpened(committee);
    }

    /// @inheritdoc ICommittees
    function committeeOf(bytes32 commitment, uint16 count) external pure returns (CommitteeId committee) {
        bytes32 highest = 0;
        for (uint16 i = 0; i < count; ++i) {
            bytes32 score = keccak256(abi.encode(commitment, i));
            if (score > highest) (highest, committee) = (score, CommitteeId.wrap(i));
        }
    }
}
