// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signatures} from "../core/libraries/Signatures.sol";
import {IStreams} from "./interfaces/IStreams.sol";
import {StreamId} from "./types/StreamId.sol";

/// @title Streams
/// @notice See {IStreams}.
contract Streams is IStreams, EIP712 {
    using Signatures for bytes32;

    /* CONSTANTS */

    /// @notice Most gas that a writer's contract may spend on its answer.
    uint256 public constant ERC1271_GAS = 100_000;
    bytes32 private constant ANNOUNCEMENT_TYPEHASH = keccak256(
        "Announcement(address writer,bytes32 stream,uint64 nonce,bytes32 objectRoot)"
    );

    /* STORAGE */

    struct Attestation {
        uint64 version;
        bytes32 stateRoot;
    }

    /// @inheritdoc IStreams
    mapping(StreamId stream => uint64) public batchCount;
    /// @inheritdoc IStreams
    mapping(StreamId stream => mapping(address attester => Attestation)) public attestationOf;

    /* CONSTRUCTOR */

    constructor() EIP712("Mycelia Streams", "1") {}

    /* ANNOUNCING */

    /// @inheritdoc IStreams
    function announce(StreamId stream, uint64 nonce, bytes32 objectRoot) external returns (uint64 version) {
        return _announce(msg.sender, stream, nonce, objectRoot);
    }

    /// @inheritdoc IStreams
    function announceMany(Announcement[] calldata announcements) external {
        for (uint256 i = 0; i < announcements.length; ++i) {
            Announcement calldata one = announcements[i];
            _announce(msg.sender, one.stream, one.nonce, one.objectRoot);
        }
    }

    /// @inheritdoc IStreams
    /// @dev A writer's contract is asked by a static call: it can't announce, or change anything, while it answers.
    function relay(SignedAnnouncement[] calldata announcements) external {
        for (uint256 i = 0; i < announcements.length; ++i) {
            SignedAnnouncement calldata one = announcements[i];
            if (_isSigned(one)) _announce(one.writer, one.stream, one.nonce, one.objectRoot);
            else emit BatchRefused(one.stream, one.writer, msg.sender, one.nonce, one.objectRoot);
        }
    }

    function _isSigned(SignedAnnouncement calldata one) private view returns (bool signed) {
        bool starved;
        (signed, starved) = digestOf(one.writer, one.stream, one.nonce, one.objectRoot).isSignedByWithin(
            one.writer,
            one.signature,
            ERC1271_GAS
        );
        require(!starved, Streams_OutOfGas());
    }

    function _announce(
        address writer,
        StreamId stream,
        uint64 nonce,
        bytes32 objectRoot
    ) private returns (uint64 version) {
        version = ++batchCount[stream];
        emit BatchAnnounced(stream, writer, version, nonce, objectRoot);
    }

    /* ATTESTING */

    /// @inheritdoc IStreams
    function attest(StreamId stream, uint64 version, bytes32 stateRoot) external {
        uint64 count = batchCount[stream];
        require(version <= count, Streams_UnknownVersion(stream, version, count));
        uint64 last = attestationOf[stream][msg.sender].version;
        require(version > last, Streams_NotNewer(stream, version, last));

        attestationOf[stream][msg.sender] = Attestation(version, stateRoot);
        emit StateAttested(stream, msg.sender, version, stateRoot);
    }

    /* VIEWS */

    /// @inheritdoc IStreams
    function digestOf(
        address writer,
        StreamId stream,
        uint64 nonce,
        bytes32 objectRoot
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(keccak256(abi.encode(ANNOUNCEMENT_TYPEHASH, writer, stream, nonce, objectRoot)));
    }
}
