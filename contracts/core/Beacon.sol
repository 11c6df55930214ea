// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IRandomnessSource} from "./interfaces/IRandomnessSource.sol";
import {DrawId} from "./types/DrawId.sol";

/// @title Beacon
/// @notice Draws, bound to their targets, fulfilled by anyone for a tip.
contract Beacon is IBeacon, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /* IMMUTABLES */

    /// @inheritdoc IBeacon
    address public immutable token;

    /* STORAGE */

    /// @param consumer who asked
    /// @param target block or round that decides
    /// @param source of the entropy
    /// @param expired whether the loss of the target was recorded
    /// @param tip wei for who fulfils; zero once it is owed to somebody
    /// @param seed zero until fulfilled
    struct Draw {
        address consumer;
        uint64 target;
        Source source;
        bool expired;
        uint128 tip;
        bytes32 seed;
    }

    /// @inheritdoc IBeacon
    uint256 public draws;
    /// @inheritdoc IBeacon
    uint256 public totalHeld;
    /// @inheritdoc IBeacon
    mapping(address account => uint256) public owed;
    mapping(Source => IRandomnessSource) private _sources;
    mapping(DrawId => Draw) private _draws;

    /* CONSTRUCTOR */

    /// @param authority the AccessManager of the deployment
    /// @param settlementToken ERC-20 of the tips
    constructor(address authority, address settlementToken) AccessManaged(authority) {
        require(settlementToken != address(0), Beacon_ZeroAddress());
        token = settlementToken;
    }

    /* SOURCES */

    /// @inheritdoc IBeacon
    function setSource(Source source, address implementation) external restricted {
        require(implementation != address(0), Beacon_ZeroAddress());
        require(address(_sources[source]) == address(0), Beacon_SourceAlreadySet(source));

        _sources[source] = IRandomnessSource(implementation);
        emit SourceSet(source, implementation);
    }

    /* DRAWS */

    /// @inheritdoc IBeacon
    function request(Source source, uint128 tip) external nonReentrant returns (DrawId id) {
        IRandomnessSource implementation = _sources[source];
        require(address(implementation) != address(0), Beacon_UnknownSource(source));

        uint64 target = implementation.nextTarget();
        uint128 received = _take(tip);

        id = DrawId.wrap((++draws).toUint64());
        Draw storage draw = _draws[id];
        draw.consumer = msg.sender;
        draw.target = target;
        draw.source = source;
        draw.tip = received;
        totalHeld += received;
        emit DrawRequested(id, msg.sender, source, target, received);
    }

    /// @inheritdoc IBeacon
    function fulfil(DrawId id) external returns (bytes32 seed) {
        Draw storage draw = _draws[id];
        (DrawState state, bytes32 entropy) = _look(id, draw);
        if (state == DrawState.Fulfilled) return draw.seed;
        require(state == DrawState.Ready, Beacon_NotReady(id, state));

        seed = keccak256(abi.encode(block.chainid, address(this), id, entropy));

        draw.seed = seed;
        _owe(draw, msg.sender);
        emit DrawFulfilled(id, seed, msg.sender);
    }

    /// @inheritdoc IBeacon
    function expire(DrawId id) external {
        Draw storage draw = _draws[id];
        (DrawState state, ) = _look(id, draw);
        require(state == DrawState.Expired, Beacon_NotReady(id, state));
        if (draw.expired) return;

        draw.expired = true;
        _owe(draw, draw.consumer);
        emit DrawExpired(id);
    }

    /* TIPS */

    /// @inheritdoc IBeacon
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;

        owed[msg.sender] = 0;
        totalHeld -= amount;
        emit TipCollected(msg.sender, to, amount);

        IERC20(token).safeTransfer(to, amount);
    }

    /// @return received what arrived, which a token that keeps a fee makes less than `tip`
    function _take(uint128 tip) private returns (uint128 received) {
        if (tip == 0) return 0;
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), tip);
        return (IERC20(token).balanceOf(address(this)) - before).toUint128();
    }

    function _owe(Draw storage draw, address account) private {
        uint128 tip = draw.tip;
        if (tip == 0) return;
        draw.tip = 0;
        owed[account] += tip;
    }

    /* VIEWS */

    /// @inheritdoc IBeacon
    function stateOf(DrawId id) external view returns (DrawState state, bytes32 seed) {
        Draw storage draw = _draws[id];
        if (draw.consumer == address(0)) return (DrawState.None, 0);
        (state, ) = _look(id, draw);
        seed = draw.seed;
    }

    /// @inheritdoc IBeacon
    function targetOf(DrawId id) external view returns (Source source, uint64 target) {
        Draw storage draw = _known(id);
        return (draw.source, draw.target);
    }

    /// @inheritdoc IBeacon
    function requestOf(DrawId id) external view returns (address consumer, uint256 tip) {
        Draw storage draw = _known(id);
        return (draw.consumer, draw.tip);
    }

    /// @inheritdoc IBeacon
    function sourceOf(Source source) external view returns (address implementation) {
        return address(_sources[source]);
    }

    /// @dev What was recorded comes first: a source has no say in a draw that is over.
    function _look(DrawId id, Draw storage draw) private view returns (DrawState state, bytes32 entropy) {
        require(draw.consumer != address(0), Beacon_UnknownDraw(id));
        if (draw.seed != 0) return (DrawState.Fulfilled, 0);
        if (draw.expired) return (DrawState.Expired, 0);
        IRandomnessSource.Availability availability;
        (availability, entropy) = _sources[draw.source].entropyAt(draw.target);
        if (availability == IRandomnessSource.Availability.Future) return (DrawState.Waiting, 0);
        if (availability == IRandomnessSource.Availability.Lost) return (DrawState.Expired, 0);
        return (DrawState.Ready, entropy);
    }

    function _known(DrawId id) private view returns (Draw storage draw) {
        draw = _draws[id];
        require(draw.consumer != address(0), Beacon_UnknownDraw(id));
    }
}
