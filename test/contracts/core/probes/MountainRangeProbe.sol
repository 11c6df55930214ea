// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MountainRange} from "../../../../contracts/core/libraries/MountainRange.sol";

/// @notice Lets tests call the library from outside.
contract MountainRangeProbe {
    using MountainRange for MountainRange.Range;

    MountainRange.Range private _range;

    function append(bytes32 data) external returns (uint256) {
        return _range.append(data);
    }

    function appendMany(bytes32[] calldata data) external {
        for (uint256 i = 0; i < data.length; ++i) {
            _range.append(data[i]);
        }
    }

    function count() external view returns (uint256) {
        return _range.count;
    }

    function root() external view returns (bytes32) {
        return _range.root();
    }

    function verify(
        bytes32 data,
        uint256 index,
        uint256 total,
        bytes32 expected,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return MountainRange.verify(data, index, total, expected, proof);
    }

    function hashNode(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return MountainRange.hashNode(left, right);
    }
}
