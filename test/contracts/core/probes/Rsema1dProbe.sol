// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LeopardField} from "../../../../contracts/core/libraries/LeopardField.sol";
import {Rsema1d} from "../../../../contracts/core/libraries/Rsema1d.sol";

/// @notice Lets tests call the libraries from outside.
contract Rsema1dProbe {
    function opens(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        Rsema1d.RowProof calldata proof,
        bytes32 rlcRoot
    ) external view returns (bool) {
        return Rsema1d.opens(commitment, shape, proof, rlcRoot);
    }

    function requireOpen(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        Rsema1d.RowProof calldata proof,
        bytes32 rlcRoot
    ) external view {
        Rsema1d.requireOpen(commitment, shape, proof, rlcRoot);
    }

    function judge(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        Rsema1d.RowProof calldata proof,
        Rsema1d.RlcProof calldata rlc
    ) external view returns (Rsema1d.Verdict verdict, bytes16 actual) {
        return Rsema1d.judge(commitment, shape, proof, rlc);
    }

    function requireSound(
        bytes32 commitment,
        Rsema1d.Shape calldata shape,
        Rsema1d.RowProof calldata proof,
        Rsema1d.RlcProof calldata rlc
    ) external view {
        Rsema1d.requireSound(commitment, shape, proof, rlc);
    }

    function rlcOf(
        bytes32 rowRoot,
        Rsema1d.Shape calldata shape,
        bytes calldata row
    ) external view returns (bytes16) {
        return Rsema1d.rlcOf(rowRoot, shape, row);
    }

    function combineBasis(uint256[16] calldata vectors) external pure returns (bytes16) {
        return LeopardField.combineBasis(vectors);
    }
}
