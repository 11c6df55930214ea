// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StreamId} from "../types/StreamId.sol";

/// @notice Names of streams, for paths such as log://<name>/<path>/<version>.
/// @dev A name costs gas alone, is given to who comes first, and is kept for ever. It says nothing of its holder's honesty, nor that
/// the holder owns the stream it points to. The holder can point it elsewhere at any time.
interface IClusters {
    /// @param owner holder of the name
    /// @param chainId of the chain that `streams` is on
    /// @param streams contract that orders the stream's batches, see {IStreams}
    /// @param stream that paths under the name lead into
    struct Cluster {
        address owner;
        uint64 chainId;
        address streams;
        StreamId stream;
    }

    /// @notice Thrown unless the name has 1 to 63 characters of a-z, 0-9 and '-', with no '-' at either end.
    error Clusters_BadName(string name);
    /// @notice Thrown for chain 0, and for a contract at address zero.
    error Clusters_BadTarget(uint64 chainId, address streams);
    error Clusters_Taken(string name);
    error Clusters_Unknown(string name);
    error Clusters_NotOwner(string name, address caller);
    error Clusters_NotOffered(string name, address caller);

    event ClusterRegistered(
        bytes32 indexed nameHash,
        string name,
        address indexed owner,
        uint64 chainId,
        address streams,
        StreamId stream
    );
    event ClusterRetargeted(bytes32 indexed nameHash, uint64 chainId, address streams, StreamId stream);
    /// @param newOwner who may accept; zero when an offer was taken back
    event ClusterOffered(bytes32 indexed nameHash, address indexed owner, address indexed newOwner);
    event ClusterTransferred(bytes32 indexed nameHash, address indexed from, address indexed to);

    /// @notice Takes a free name for the caller.
    /// @dev A name can be taken from under a transaction that waits; whoever minds looks at the owner afterwards.
    function register(string calldata name, uint64 chainId, address streams, StreamId stream) external;
    /// @notice Points a name of the caller's elsewhere.
    function retarget(string calldata name, uint64 chainId, address streams, StreamId stream) external;
    /// @notice Offers a name of the caller's to another, in place of any earlier offer; to zero takes the offer back.
    function offer(string calldata name, address newOwner) external;
    /// @notice Takes a name that was offered to the caller.
    function accept(string calldata name) external;

    /// @notice Where a name points. Reverts for one that is free.
    function get(string calldata name) external view returns (Cluster memory);
    /// @notice To whom a name is offered; zero when to nobody.
    function offeredTo(string calldata name) external view returns (address);
}
