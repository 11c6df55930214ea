// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice Who signed what: a key by ECDSA, or a contract by ERC-1271.
library Signatures {
    /// @dev What a call takes beside what it forwards: access to an account and to the code it delegates to (EIP-7702), 2,600 gas
    /// each, and the instructions around it.
    uint256 private constant CALL_GAS = 8_000;

    /// @dev The key's own signature comes first: a signer that gets code later (EIP-7702) can't take back what it vouched.
    function isSignedBy(
        bytes32 digest,
        address signer,
        bytes calldata signature
    ) internal view returns (bool) {
        return
            _isOfKey(digest, signer, signature) ||
            SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice As `isSignedBy`, for who goes on when it is not signed: a contract may spend no more than `limit` gas on its answer.
    /// @return signed never true when `starved`
    /// @return starved less than `limit` could be given to the contract: nothing was asked, so revert
    function isSignedByWithin(
        bytes32 digest,
        address signer,
        bytes calldata signature,
        uint256 limit
    ) internal view returns (bool signed, bool starved) {
        if (_isOfKey(digest, signer, signature)) return (true, false);
        if (signer.code.length == 0) return (false, false);
        return _ask(signer, abi.encodeCall(IERC1271.isValidSignature, (digest, signature)), limit);
    }

    function _isOfKey(bytes32 digest, address signer, bytes calldata signature) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return err == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// @dev A call forwards at most 63/64 of what is left (EIP-150), and silently less than it is told. One word of the answer is
    /// read, however long it is.
    function _ask(
        address account,
        bytes memory question,
        uint256 limit
    ) private view returns (bool signed, bool starved) {
        bytes4 yes = IERC1271.isValidSignature.selector;
        uint256 needed = limit + limit / 63 + CALL_GAS;
        assembly ("memory-safe") {
            starved := lt(gas(), needed)
            if iszero(starved) {
                let ok := staticcall(limit, account, add(question, 0x20), mload(question), 0x00, 0x20)
                signed := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), yes)))
            }
        }
    }
}
