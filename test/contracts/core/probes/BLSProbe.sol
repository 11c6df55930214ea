// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BLS} from "../../../../contracts/core/libraries/BLS.sol";

/// @notice Lets tests call the library from outside.
contract BLSProbe {
    /// @dev Emitted to make a transaction of it.
    event Judged(bool valid);

    function add(BLS.G1 calldata a, BLS.G1 calldata b) external view returns (BLS.G1 memory) {
        return BLS.add(a, b);
    }

    function negate(BLS.G1 calldata a) external pure returns (BLS.G1 memory) {
        return BLS.negate(a);
    }

    function isValidKey(BLS.G1 calldata key) external view returns (bool) {
        return BLS.isValidKey(key);
    }

    function hashToG2(bytes32 digest) external view returns (BLS.G2 memory) {
        return BLS.hashToG2(digest);
    }

    function verify(
        BLS.G1 calldata key,
        bytes32 digest,
        BLS.G2 calldata signature
    ) external view returns (bool) {
        return BLS.verify(key, digest, signature);
    }

    function judge(BLS.G1 calldata key, bytes32 digest, BLS.G2 calldata signature) external {
        emit Judged(BLS.verify(key, digest, signature));
    }
}
