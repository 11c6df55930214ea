// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StreamId} from "../types/StreamId.sol";

/// @notice The order of the batches of every stream, and who vouches for what came of them. No money, no owner.
/// @dev Anyone may announce to any stream and so take a version of it. Nothing is judged here but who the writer is: nodes that
/// replay a stream refuse batches of writers without rights, replayed nonces, and objects that are no batch.
interface IStreams {
    /// @param stream that the batch is for
    /// @param nonce above those of the writer's earlier batches of this stream, or nodes refuse the batch
    /// @param objectRoot name of the stored object that is the batch
    struct Announcement {
        StreamId stream;
        uint64 nonce;
        bytes32 objectRoot;
    }

    /// @param writer a key, or a contract by ERC-1271
    /// @param signature of the writer over `digestOf`
    struct SignedAnnouncement {
        address writer;
        StreamId stream;
        uint64 nonce;
        bytes32 objectRoot;
        bytes signature;
    }

    /// @notice Thrown when too little gas is left to ask a writer's contract with all that it may spend.
    error Streams_OutOfGas();
    error Streams_UnknownVersion(StreamId stream, uint64 version, uint64 batchCount);
    error Streams_NotNewer(StreamId stream, uint64 version, uint64 last);

    /// @notice Batch number `version` of a stream, from 1.
    event BatchAnnounced(
        StreamId indexed stream,
        address indexed writer,
        uint64 version,
        uint64 nonce,
        bytes32 objectRoot
    );
    /// @notice What a relay brought was not signed by the writer. It took no version.
    event BatchRefused(
        StreamId indexed stream,
        address indexed writer,
        address indexed relay,
        uint64 nonce,
        bytes32 objectRoot
    );
    event StateAttested(StreamId indexed stream, address indexed attester, uint64 version, bytes32 stateRoot);

    /// @notice Announces a batch; the caller is its writer.
    /// @return version that the batch makes
    function announce(StreamId stream, uint64 nonce, bytes32 objectRoot) external returns (uint64 version);
    /// @notice Announces batches in their order, of one stream or several; the caller is the writer of all.
    function announceMany(Announcement[] calldata announcements) external;
    /// @notice Announces what writers have signed, in the order given. Anyone may call. What its writer has not signed is passed
    /// over with BatchRefused, so that it spoils nothing for the others.
    /// @dev The same signed announcement can be brought again: it takes another version, in which nodes refuse it by its nonce.
    /// So they do with a batch brought after one of the same writer with a higher nonce: who signs several gives them to one
    /// relay, or waits. What was signed for another chain or contract is refused here.
    ///
    /// A contract has 100,000 gas to answer by ERC-1271. Reverts with Streams_OutOfGas when less could be given to it, so a relay
    /// can't have a right signature refused by sending little gas.
    function relay(SignedAnnouncement[] calldata announcements) external;
    /// @notice Vouches for the state root of a stream after its batch number `version`, above any that the caller vouched for.
    /// @dev A version is a number: wait until its batch can't be reorganised away. What an attester says binds nobody; a dApp
    /// chooses whom it believes.
    function attest(StreamId stream, uint64 version, bytes32 stateRoot) external;

    /// @notice Batches announced to a stream so far, which is its newest version.
    function batchCount(StreamId stream) external view returns (uint64);
    /// @notice The newest that an attester vouches for; zeros when there is none.
    function attestationOf(
        StreamId stream,
        address attester
    ) external view returns (uint64 version, bytes32 stateRoot);
    /// @notice EIP-712 digest that a writer signs: type
    /// Announcement(address writer,bytes32 stream,uint64 nonce,bytes32 objectRoot), domain
    /// { name: "Mycelia Streams", version: "1", chainId, verifyingContract }.
    function digestOf(
        address writer,
        StreamId stream,
        uint64 nonce,
        bytes32 objectRoot
    ) external view returns (bytes32);
}
