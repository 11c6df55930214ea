// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Address of the stream's owner (20 bytes, high) || a number that the owner chose (12 bytes).
type StreamId is bytes32;

using {ownerOf, numberOf} for StreamId global;

function streamIdOf(address owner, uint96 number) pure returns (StreamId) {
    return StreamId.wrap(bytes32(bytes20(owner)) | bytes32(uint256(number)));
}

function ownerOf(StreamId stream) pure returns (address) {
    return address(bytes20(StreamId.unwrap(stream)));
}

function numberOf(StreamId stream) pure returns (uint96) {
    return uint96(uint256(StreamId.unwrap(stream)));
}
