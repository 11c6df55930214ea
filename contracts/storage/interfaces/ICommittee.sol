// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A committee of storage nodes: 256 slots, each owned by one member; weight is the number of slots.
/// @dev The owner table is eight words of 32 slots, one byte a slot, slot s being byte s mod 32, counted from the least
/// significant, of word s / 32: 0 is nobody, i is member i (1..255). Row r of a segment with K+N rows belongs to slot
/// (floor(256*r/(K+N)) + offset) mod 256, offset = first byte of the segment's commitment.
///
/// Members are even: any two differ by at most one slot, and none has more than 32 (one eighth). So the table is full from the
/// eighth member on, and a change moves the slots of whoever joins or leaves and no others.
///
/// A member's number goes to another operator only when nothing can be held against its last holder any more, that is after
/// the bonds' unbonding delay, which is longer than every dispute window; until then its record stays readable. A signer belongs
/// to its first operator for ever, so that a receipt always names one party.
interface ICommittee {
    /// @param operator who bonded
    /// @param signer hot key that signs receipts
    /// @param slots number of slots owned; zero after leaving
    /// @param leftAt when it left, seconds; zero while it serves
    /// @param endpoint base URL
    struct Member {
        address operator;
        address signer;
        uint16 slots;
        uint64 leftAt;
        string endpoint;
    }

    /// @notice Thrown when `operator` serves already.
    error Committee_AlreadyMember(address operator);
    /// @notice Thrown when `operator` doesn't serve.
    error Committee_NotMember(address operator);
    /// @notice Thrown when no member number is free.
    error Committee_Full(uint256 members);
    /// @notice Thrown when less than `required` wei are allocated to this contract.
    error Committee_InsufficientBond(address operator, uint256 allocated, uint256 required);
    /// @notice Thrown when a member is to be evicted whose bond is what it must be.
    error Committee_SufficientBond(address operator, uint256 allocated, uint256 required);
    /// @notice Thrown when `endpoint` is no http(s) URL of at most 200 printable ASCII characters.
    error Committee_InvalidEndpoint(string endpoint);
    /// @notice Thrown when `signer` is zero or has signed for another operator.
    error Committee_InvalidSigner(address signer);
    /// @notice Thrown when a successor, or nobody, takes new members.
    error Committee_NewBusinessStopped();

    event MemberJoined(uint8 indexed member, address indexed operator, address signer, string endpoint);
    event MemberLeft(uint8 indexed member, address indexed operator);
    event EndpointChanged(uint8 indexed member, string endpoint);
    /// @dev Emitted after every change of ownership with the whole table.
    event SlotsAssigned(uint256[8] owners);

    /// @notice Joins with at least `storage.nodeBond` allocated to this contract in Bonds; takes unowned slots first, then one
    /// slot at a time from the largest holder, until it has its even share, at most 32.
    /// @param signer key that will sign receipts; may be the operator itself
    /// @param endpoint base URL, http(s)
    function join(address signer, string calldata endpoint) external returns (uint8 member);
    /// @notice Leaves. The slots go one at a time to the smallest holder that is under 32, or to nobody.
    function resign() external;
    /// @notice Removes a member whose allocation has fallen below the bond that it joined with, or below today's if that is
    /// less. Anyone may call. Raising the parameter evicts nobody.
    function evict(address operator) external;
    /// @notice Changes the caller's base URL.
    function setEndpoint(string calldata endpoint) external;

    /// @notice The whole owner table.
    function owners() external view returns (uint256[8] memory);
    /// @notice Member that owns `slot`, or 0. Reads one word.
    function ownerOf(uint8 slot) external view returns (uint8 member);
    /// @notice The last holder of a member number; all zero when there was none.
    function memberAt(uint8 member) external view returns (Member memory);
    /// @notice Number of members that serve.
    function memberCount() external view returns (uint8);
    /// @notice Number under which `operator` serves, or 0.
    function memberOf(address operator) external view returns (uint8);
    /// @notice The one operator that `signer` has ever signed for, or zero.
    function operatorOf(address signer) external view returns (address);

    /// @notice EIP-712 digest of a receipt, by which a member's signer says that it stores its rows of a segment.
    /// @dev Domain { name: "Mycelia Committee", version: "1", chainId, verifyingContract: this contract }, type
    /// SegmentReceipt(bytes32 commitment,uint32 k,uint32 n,uint32 rowSize,uint256 slots).
    /// @param slots bit s is set when all rows of slot s are stored
    function receiptDigest(
        bytes32 commitment,
        uint32 k,
        uint32 n,
        uint32 rowSize,
        uint256 slots
    ) external view returns (bytes32);
}
