// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Endpoints
/// @notice Which strings may stand on chain as a base URL. Whether one may be fetched is for the client to decide.
library Endpoints {
    uint256 internal constant MAX_LENGTH = 256;

    /// @notice Whether `endpoint` starts with http:// or https://, goes on, and is printable ASCII of at most 256 bytes.
    function isValid(string calldata endpoint) internal pure returns (bool) {
        bytes calldata text = bytes(endpoint);
        if (text.length > MAX_LENGTH) return false;
        bool plain = text.length > 7 && bytes7(text[:7]) == "http://";
        bool secure = text.length > 8 && bytes8(text[:8]) == "https://";
        if (!plain && !secure) return false;
        for (uint256 i = 0; i < text.length; ++i) {
            if (text[i] <= 0x20 || text[i] >= 0x7f) return false;
        }
        return true;
    }
}
