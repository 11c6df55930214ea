// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Receipt, Voucher} from "../types/ComputeTypes.sol";

/// @title Evidence
/// @notice EIP-712 struct hashes of what users and providers sign.
library Evidence {
    /* CONSTANTS */

    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(uint64 session,uint64 index,bytes32 modelId,bytes32 exchange,uint64 unitsIn,uint64 unitsOut,uint128 price,bytes32 usesRoot,uint64 deadline)"
    );
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(uint64 session,uint128 amount,uint64 receipts,bytes32 receiptsRoot)"
    );

    /* HASHES */

    // Every member is a static word, so the encoding of the struct is the EIP-712 encodeData of its members.

    function hash(Receipt calldata receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
    }

    function hash(Voucher calldata voucher) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER_TYPEHASH, voucher));
    }
}
