// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A smart account that does whatever harm it can when it is asked about a signature.
contract HostileAccount {
    enum Manner {
        BurnGas,
        Revert,
        RevertAtLength,
        AnswerAtLength,
        AnswerShort,
        AnswerDirty,
        AnswerNothing,
        Reenter
    }

    Manner public manner;
    address public target;
    bytes public call;

    function behave(Manner chosen) external {
        manner = chosen;
    }

    /// @notice What it calls while it is asked, before it says yes if that worked.
    function aim(address place, bytes calldata data) external {
        target = place;
        call = data;
    }

    /// @dev Not a view, as in ERC-1271, so that only the caller's own call can hold it.
    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        if (manner == Manner.BurnGas) while (true) {}
        if (manner == Manner.Revert) revert("no");
        if (manner == Manner.RevertAtLength) _end(false, 20_000, bytes32(IERC1271.isValidSignature.selector));
        if (manner == Manner.AnswerAtLength) _end(true, 20_000, bytes32(uint256(1)));
        if (manner == Manner.AnswerShort) _end(true, 31, bytes32(IERC1271.isValidSignature.selector));
        if (manner == Manner.AnswerDirty)
            _end(true, 32, bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(1)));
        if (manner == Manner.AnswerNothing) _end(true, 0, 0);
        (bool done, ) = target.call(call);
        return done ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function _end(bool good, uint256 length, bytes32 word) private pure {
        assembly {
            mstore(0, word)
            switch good
            case 0 {
                revert(0, length)
            }
            default {
                return(0, length)
            }
        }
    }
}
