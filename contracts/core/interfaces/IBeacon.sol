// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DrawId} from "../types/DrawId.sol";

/// @notice Randomness that decides only what was committed before it was asked for.
/// @dev A draw is bound, when requested, to one future target of its source (a block, a drand round). Its seed is a function
/// of that target alone: late fulfilment gives the same seed, and there is no second draw. When the source can no longer
/// prove its target the draw is Expired, and the consumer must decide against whoever could have fulfilled it.
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

    error Beacon_UnknownDraw(DrawId id);
    error Beacon_UnknownSource(Source source);
    error Beacon_NotReady(DrawId id, DrawState state);
    error Beacon_SourceAlreadySet(Source source);

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

    /// @notice Asks for a seed. The caller is the consumer and pays `tip` wei of the settlement token to whoever fulfils.
    function request(Source source, uint128 tip) external returns (DrawId id);
    /// @notice Stores the seed of a Ready draw and earns its tip. Idempotent: a fulfilled draw returns its seed again.
    function fulfil(DrawId id) external returns (bytes32 seed);
    /// @notice Records that a draw can no longer be fulfilled; its tip goes back to the consumer.
    function expire(DrawId id) external;
    /// @notice Pays out the caller's tips (fulfillers) and returned tips (consumers).
    function collect(address to) external returns (uint256 amount);

    /// @notice State of a draw now; `seed` is non-zero exactly when the state is Fulfilled.
    function stateOf(DrawId id) external view returns (DrawState state, bytes32 seed);
    /// @notice The source's target of a draw: a block number for Block, a round for Drand.
    function targetOf(DrawId id) external view returns (Source source, uint64 target);
}
