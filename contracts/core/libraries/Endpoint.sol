// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Endpoint
/// @notice Base URLs that a keeper may put on chain.
/// @dev Only what keeps a log line or a terminal safe is checked here; whoever fetches guards the fetch.
library Endpoint {
    uint256 private constant MAX_LENGTH = 200;

    /// @notice Whether `url` starts with http:// or https:// and has at most 200 printable ASCII characters without spaces.
    function isValid(string calldata url) internal pure returns (bool) {
        bytes calldata text = bytes(url);
        if (text.length > MAX_LENGTH) return false;
        if (!_startsWith(text, "http://") && !_startsWith(text, "https://")) return false;
        for (uint256 i = 0; i < text.length; ++i) {
            if (text[i] < 0x21 || text[i] > 0x7e) return false;
        }
        return true;
    }

    /// @dev Something has to follow the prefix.
    function _startsWith(bytes calldata text, bytes memory prefix) private pure returns (bool) {
        if (text.length <= prefix.length) return false;
        return keccak256(text[:prefix.length]) == keccak256(prefix);
    }
}
