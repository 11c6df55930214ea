// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A smart account that accepts what its owner signs, and can be told to answer with nonsense.
contract ContractWallet is IERC1271 {
    address public immutable owner;
    bytes4 public answer = IERC1271.isValidSignature.selector;

    constructor(address keyHolder) {
        owner = keyHolder;
    }

    function answerWith(bytes4 value) external {
        answer = value;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        return failure == ECDSA.RecoverError.NoError && signer == owner ? answer : bytes4(0);
    }
}
