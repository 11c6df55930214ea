// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Append-only log of published batches: a mountain range (see core/libraries/MountainRange) with one leaf a batch.
/// @dev A batch says how many segments came before it, so (batch, place in the batch) names one segment of the whole log, and a
/// proof against a root of the log says when it was published, by whom, and what was paid for. The fee goes straight to the
/// treasury: this contract holds no money.
interface IStorageLogV1 {
    /// @param root mountain-range root over the commitments of the batch's segments, in their order
    /// @param firstSegment number of segments in all earlier batches
    /// @param segments segments in this batch
    /// @param size bytes of all rows of these segments, parity included: what the batch pays for
    /// @param owner who appended and paid
    /// @param timestamp of the append, seconds
    struct Batch {
        bytes32 root;
        uint64 firstSegment;
        uint32 segments;
        uint64 size;
        address owner;
        uint64 timestamp;
    }

    /// @notice Thrown when a batch has no root or no segments.
    error StorageLog_EmptyBatch();
    /// @notice Thrown when a batch has more segments than one append may publish.
    error StorageLog_TooManySegments(uint256 segments, uint256 max);
    /// @notice Thrown when no coding of that many segments can have that many bytes.
    error StorageLog_SizeOutOfRange(uint256 size, uint256 min, uint256 max);
    /// @notice Thrown when the price has risen above what the caller accepts.
    error StorageLog_FeeAboveMax(uint256 fee, uint256 maxFee);
    /// @notice Thrown when a successor, or nobody, takes new batches.
    error StorageLog_NewBusinessStopped();

    /// @dev With the block's timestamp, all fields of the batch; `logRoot` is the root right after this append.
    event BatchAppended(
        uint256 indexed index,
        bytes32 indexed root,
        address indexed owner,
        uint64 firstSegment,
        uint32 segments,
        uint64 size,
        uint256 fee,
        bytes32 logRoot
    );

    /// @notice Appends a batch and sends its fee from the caller's allowance to the treasury.
    /// @param maxFee highest fee that the caller accepts, wei
    /// @return index position of the batch in the log, from 0
    /// @return fee paid, wei
    function append(
        bytes32 root,
        uint32 segments,
        uint64 size,
        uint256 maxFee
    ) external returns (uint256 index, uint256 fee);

    /// @notice Fee of `size` bytes now, wei: parameter "storage.pricePerGiB" for each 2^30 bytes, rounded up.
    function feeUp(uint64 size) external view returns (uint256);
    /// @notice Root over all batches so far; zero while there are none.
    function logRoot() external view returns (bytes32);
    function batchCount() external view returns (uint256);
    /// @notice Segments of all batches so far.
    function segmentCount() external view returns (uint64);
    /// @notice Leaf data of a batch: keccak256(abi.encode(batch)).
    function batchHash(Batch calldata batch) external pure returns (bytes32);
    /// @notice Whether `batch` is entry `index` of the log as it stood with `count` entries and `root`.
    /// @dev Says nothing about whether the log ever had that root: take `count` and `root` from it.
    /// @param proof audit path of RFC 9162, bottom to top
    function verify(
        Batch calldata batch,
        uint256 index,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool);
}
