// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IModels} from "./interfaces/IModels.sol";
import {Model, Tier} from "./types/ComputeTypes.sol";

/// @title Models
/// @notice See {IModels}.
contract Models is IModels {
    /* CONSTANTS */

    uint8 private constant ALL_TIERS = uint8((1 << (uint8(type(Tier).max) + 1)) - 1);

    /* STORAGE */

    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => address) private _authors;

    /* PUBLISHING */

    /// @inheritdoc IModels
    function publish(Model calldata model) external returns (bytes32 modelId) {
        require(model.storageRoot != 0, Models_Invalid("storageRoot"));
        require(model.contentHash != 0, Models_Invalid("contentHash"));
        require(model.format != 0, Models_Invalid("format"));
        require(model.engine != 0, Models_Invalid("engine"));
        require(model.tiers != 0 && model.tiers <= ALL_TIERS, Models_Invalid("tiers"));
        modelId = idOf(model);
        require(_authors[modelId] == address(0), Models_AlreadyPublished(modelId));

        _models[modelId] = model;
        _authors[modelId] = msg.sender;
        emit ModelPublished(modelId, msg.sender, model);
    }

    /* VIEWS */

    /// @inheritdoc IModels
    function idOf(Model calldata model) public pure returns (bytes32 modelId) {
        return keccak256(abi.encode(model));
    }

    /// @inheritdoc IModels
    function get(bytes32 modelId) external view returns (Model memory model, address author) {
        author = _authors[modelId];
        require(author != address(0), Models_Unknown(modelId));
        model = _models[modelId];
    }

    /// @inheritdoc IModels
    function allows(bytes32 modelId, Tier tier) external view returns (bool) {
        return (_models[modelId].tiers >> uint8(tier)) & 1 == 1;
    }
}
