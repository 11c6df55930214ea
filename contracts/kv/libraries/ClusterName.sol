// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ClusterName
/// @notice What can name a cluster: a label of a host name, in lower case.
library ClusterName {
    uint256 private constant MAX_LENGTH = 63;

    /// @notice Whether `name` has 1 to 63 characters of a-z, 0-9 and '-', with no '-' at either end.
    function isValid(string calldata name) internal pure returns (bool) {
        bytes calldata text = bytes(name);
        if (text.length == 0 || text.length > MAX_LENGTH) return false;
        if (text[0] == "-" || text[text.length - 1] == "-") return false;
        for (uint256 i = 0; i < text.length; ++i) {
            bytes1 char = text[i];
            bool isLetter = char >= "a" && char <= "z";
            bool isDigit = char >= "0" && char <= "9";
            if (!isLetter && !isDigit && char != "-") return false;
        }
        return true;
    }
}
