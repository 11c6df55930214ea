// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {MountainRange} from "../core/libraries/MountainRange.sol";
import {IStorageLogV1} from "./interfaces/IStorageLogV1.sol";

/// @title StorageLogV1
/// @notice What was published, when, by whom, and that it was paid.
contract StorageLogV1 is IStorageLogV1 {
    using MountainRange for MountainRange.Range;
    using SafeERC20 for IERC20;

    /* CONSTANTS AND IMMUTABLES */

    uint256 public constant MAX_SEGMENTS = 65_536;
    /// @notice Smallest coded segment: one row of 64 bytes for each of 256 slots.
    uint256 public constant MIN_SEGMENT_SIZE = 256 * 64;
    /// @notice Largest coded segment: 4 MiB with three parity rows for each original one.
    uint256 public constant MAX_SEGMENT_SIZE = 4 * 4 * 2 ** 20;
    uint256 private constant GIB = 2 ** 30;
    bytes32 private constant PRICE = "storage.pricePerGiB";

    IERC20 public immutable token;
    IParameters public immutable parameters;
    address public immutable treasury;
    IModules public immutable modules;

    /* STORAGE */

    /// @inheritdoc IStorageLogV1
    uint64 public segmentCount;
    MountainRange.Range private _batches;

    /* CONSTRUCTOR */

    /// @param settlementToken ERC-20 in which fees are paid
    /// @param feeReceiver the Treasury
    constructor(IERC20 settlementToken, IParameters parameters_, address feeReceiver, IModules modules_) {
        token = settlementToken;
        parameters = parameters_;
        treasury = feeReceiver;
        modules = modules_;
    }

    /* APPEND */

    /// @inheritdoc IStorageLogV1
    function append(
        bytes32 root,
        uint32 segments,
        uint64 size,
        uint256 maxFee
    ) external returns (uint256 index, uint256 fee) {
        require(modules.takesNewBusiness(address(this)), StorageLog_NewBusinessStopped());
        _requirePlausible(root, segments, size);
        fee = feeUp(size);
        require(fee <= maxFee, StorageLog_FeeAboveMax(fee, maxFee));

        uint64 first = segmentCount;
        Batch memory batch = Batch(root, first, segments, size, msg.sender, uint64(block.timestamp));

        segmentCount = first + segments;
        index = _batches.append(_hash(batch));
        emit BatchAppended(index, root, msg.sender, first, segments, size, fee, _batches.root());

        token.safeTransferFrom(msg.sender, treasury, fee);
    }

    /// @dev The log can't look into a batch; a size that no coding has would be a fee for something else.
    function _requirePlausible(bytes32 root, uint32 segments, uint64 size) private pure {
        require(root != 0 && segments != 0, StorageLog_EmptyBatch());
        require(segments <= MAX_SEGMENTS, StorageLog_TooManySegments(segments, MAX_SEGMENTS));
        uint256 min = segments * MIN_SEGMENT_SIZE;
        uint256 max = segments * MAX_SEGMENT_SIZE;
        require(size >= min && size <= max, StorageLog_SizeOutOfRange(size, min, max));
    }

    /* VIEWS */

    /// @inheritdoc IStorageLogV1
    function feeUp(uint64 size) public view returns (uint256) {
        return Math.mulDiv(size, parameters.get(PRICE), GIB, Math.Rounding.Ceil);
    }

    /// @inheritdoc IStorageLogV1
    function logRoot() external view returns (bytes32) {
        return _batches.root();
    }

    /// @inheritdoc IStorageLogV1
    function batchCount() external view returns (uint256) {
        return _batches.count;
    }

    /// @inheritdoc IStorageLogV1
    function batchHash(Batch calldata batch) external pure returns (bytes32) {
        return _hash(batch);
    }

    /// @inheritdoc IStorageLogV1
    function verify(
        Batch calldata batch,
        uint256 index,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return MountainRange.verify(_hash(batch), index, count, root, proof);
    }

    function _hash(Batch memory batch) private pure returns (bytes32) {
        return keccak256(abi.encode(batch));
    }
}
