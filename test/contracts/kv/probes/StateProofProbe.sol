// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StateProof} from "../../../../contracts/kv/libraries/StateProof.sol";

/// @notice Lets tests call the library from outside.
contract StateProofProbe {
    function holds(
        bytes32 root,
        bytes calldata key,
        uint64 version,
        bytes calldata value,
        bytes32[] calldata siblings
    ) external view returns (bool) {
        return StateProof.holds(root, key, version, value, siblings);
    }

    function isAbsent(
        bytes32 root,
        bytes calldata key,
        StateProof.Leaf calldata other,
        bytes32[] calldata siblings
    ) external view returns (bool) {
        return StateProof.isAbsent(root, key, other, siblings);
    }
}
