// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Model, Tier} from "../types/ComputeTypes.sol";

/// @notice Models that may be served and audited, by the hash of what defines them.
interface IModels {
    error Models_Unknown(bytes32 modelId);
    error Models_AlreadyPublished(bytes32 modelId);
    /// @param what field that is empty or out of range
    error Models_Invalid(string what);

    event ModelPublished(bytes32 indexed modelId, address indexed author, Model model);

    /// @notice Publishes a model; the caller is its author.
    function publish(Model calldata model) external returns (bytes32 modelId);
    /// @notice keccak256(abi.encode(model)).
    function idOf(Model calldata model) external pure returns (bytes32 modelId);
    /// @notice Reverts for an unknown id.
    function get(bytes32 modelId) external view returns (Model memory model, address author);
    /// @notice Whether `tier` may be sold for `modelId`; false for an unknown id.
    function allows(bytes32 modelId, Tier tier) external view returns (bool);
}
