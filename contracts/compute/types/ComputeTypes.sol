// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How an answer is judged. Exact: bit equality. Tolerance: bounded difference. Text: recount and logits.
enum Tier {
    Exact,
    Tolerance,
    Text
}

type ServiceId is uint64;
type SessionId is uint64;
type ClaimId is uint64;

/// @notice What is published of a model; its id is the hash of this struct.
/// @param storageRoot object root under which the file lies in storage
/// @param contentHash SHA-256 of the file
/// @param format short string, "onnx"
/// @param engine short string that pins engine and version, "onnxruntime-web@1.30.0"
/// @param tiers bit t set: tier t may be sold
struct Model {
    bytes32 storageRoot;
    bytes32 contentHash;
    bytes32 format;
    bytes32 engine;
    uint8 tiers;
}

/// @notice A provider's promise for one answer, signed as EIP-712 by the provider's receipt signer and hashed as the leaf
/// of the session's mountain range. Chain and market are in the domain.
/// @param session the session that pays
/// @param index position of this receipt in the session, from 0; also its nonce
/// @param modelId the model that answered
/// @param exchange keccak256(abi.encode(requestDigest, responseDigest, salt))
/// @param unitsIn units of input billed
/// @param unitsOut units of output produced
/// @param price wei for this answer
/// @param usesRoot root over IP and data touched; zero when none
/// @param deadline timestamp, seconds, until which the provider must serve the evidence
struct Receipt {
    uint64 session;
    uint64 index;
    bytes32 modelId;
    bytes32 exchange;
    uint64 unitsIn;
    uint64 unitsOut;
    uint128 price;
    bytes32 usesRoot;
    uint64 deadline;
}

/// @notice A user's cumulative promise to pay, signed as EIP-712 by the session's voucher signer.
/// @param session the session that pays
/// @param amount wei owed since the session opened
/// @param receipts number of receipts that the amount covers
/// @param receiptsRoot mountain-range root over those receipts: what is paid is what can be audited
struct Voucher {
    uint64 session;
    uint128 amount;
    uint64 receipts;
    bytes32 receiptsRoot;
}
