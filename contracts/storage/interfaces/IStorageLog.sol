// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Append-only log of published batches: a Merkle mountain range whose leaves carry cumulative counts and times.
interface IStorageLog {
    /// @param root Merkle root over the batch's segment commitments
    /// @param firstSegment number of segments in all earlier batches, so that a position names one segment
    /// @param segments segments in this batch
    /// @param size bytes of coded payload that the batch pays for
    /// @param owner who appended and paid
    /// @param timestamp seconds
    struct Batch {
        bytes32 root;
        uint64 firstSegment;
        uint32 segments;
        uint64 size;
        address owner;
        uint64 timestamp;
    }

    error StorageLog_EmptyBatch();
    error StorageLog_TooManySegments(uint256 segments, uint256 max);
    error StorageLog_SizeMismatch(uint256 size, uint256 maxForSegments);
    error StorageLog_FeeAboveMax(uint256 fee, uint256 maxFee);
    error StorageLog_NewBusinessStopped();

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

    /// @notice Appends a batch and takes its fee from the caller's allowance.
    /// @param maxFee highest fee that the caller accepts, wei
    function append(
        bytes32 root,
        uint32 segments,
        uint64 size,
        uint256 maxFee
    ) external returns (uint256 index, uint256 fee);

    /// @notice Fee of `size` bytes now, wei, rounded up.
    function feeUp(uint64 size) external view returns (uint256);
    /// @notice Root over all batches so far.
    function logRoot() external view returns (bytes32);
    function batchCount() external view returns (uint256);
    function segmentCount() external view returns (uint64);
    /// @notice Leaf data of a batch: keccak256(abi.encode(batch)).
    function batchHash(Batch calldata batch) external pure returns (bytes32);
    /// @notice Whether `batch` is the entry `index` of the log as it stood with `count` entries and `root`.
    function verify(
        Batch calldata batch,
        uint256 index,
        uint256 count,
        bytes32 root,
        bytes32[] calldata proof
    ) external pure returns (bool);
}
