// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../types/DrawId.sol";

/// @notice Randomness that decides only what was committed before it was asked for.
/// @dev A draw is bound, when requested, to one future target of its source (a block, a drand round). Its seed is a function
/// of that target alone: late fulfilment gives the same seed, and there is no second draw. When the source can no longer
/// prove its target the draw is Expired, and the consumer must decide against whoever could have fulfilled it.
/// Warning: a consumer commits what the draw decides before it requests, keeps the one id, and acts on an expiry only
/// after `expire` has recorded it. Whoever may request freely may also choose among his own draws.
/// seed = keccak256(abi.encode(chainId, beacon, id, entropy)).
interface IBeacon {
    enum Source {
        Block,
        Drand
    }

    /// @dev Waiting: target not reached. Ready: anyone may fulfil. Fulfilled: seed stored. Expired: lost for ever.
    enum DrawState {
        None,
        Waiting,
        Ready,
        Fulfilled,
        Expired
    }

    /// @notice Thrown when no draw has this id.
    error Beacon_UnknownDraw(DrawId id);
    /// @notice Thrown when a source was never set.
    error Beacon_UnknownSource(Source source);
    /// @notice Thrown when a draw is fulfilled that is Waiting or Expired, or expired that is not lost.
    error Beacon_NotReady(DrawId id, DrawState state);
    /// @notice Thrown when a source would be replaced: draws bound to it would be drawn again.
    error Beacon_SourceAlreadySet(Source source);
    /// @notice Thrown when an address that must be named is zero.
    error Beacon_ZeroAddress();

    event SourceSet(Source indexed source, address implementation);
    event DrawRequested(
        DrawId indexed id,
        address indexed consumer,
        Source source,
        uint64 target,
        uint256 tip
    );
    event DrawFulfilled(DrawId indexed id, bytes32 seed, address indexed fulfiller);
    event DrawExpired(DrawId indexed id);
    event TipCollected(address indexed account, address indexed to, uint256 amount);

    /// @notice Names the contract behind a source, once for all time. DAO only.
    function setSource(Source source, address implementation) external;

    /// @notice Asks for a seed. The caller is the consumer and pays `tip` wei of the settlement token to whoever fulfils.
    /// @dev The tip is taken from the caller's allowance; what really arrives is the tip.
    function request(Source source, uint128 tip) external returns (DrawId id);
    /// @notice Stores the seed of a Ready draw and earns its tip. Idempotent: a fulfilled draw returns its seed again.
    function fulfil(DrawId id) external returns (bytes32 seed);
    /// @notice Records that a draw can no longer be fulfilled; its tip goes back to the consumer. Idempotent.
    function expire(DrawId id) external;
    /// @notice Pays out the caller's tips (fulfillers) and returned tips (consumers); zero when that is nothing.
    function collect(address to) external returns (uint256 amount);

    /// @notice State of a draw now; `seed` is non-zero exactly when the state is Fulfilled.
    function stateOf(DrawId id) external view returns (DrawState state, bytes32 seed);
    /// @notice The source's target of a draw: a block number for Block, a round for Drand.
    function targetOf(DrawId id) external view returns (Source source, uint64 target);
    /// @notice Who asked for a draw, and the wei that wait for who fulfils it.
    function requestOf(DrawId id) external view returns (address consumer, uint256 tip);
    /// @notice The contract behind a source, or zero address.
    function sourceOf(Source source) external view returns (address implementation);
    /// @notice Number of draws ever requested; ids count from 1.
    function draws() external view returns (uint256);
    /// @notice Tips waiting for `collect`, wei.
    function owed(address account) external view returns (uint256);
    /// @notice Sum of all tips held, open or owed, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
    /// @notice The ERC-20 in which tips are paid.
    function token() external view returns (address);
}
