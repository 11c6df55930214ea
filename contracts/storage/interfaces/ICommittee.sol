// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A committee of storage nodes: 256 slots, each owned by one member; weight is the number of slots.
/// @dev The owner table is eight words of 32 slots, one byte a slot: 0 is nobody, i is member i of the roster (1..255).
/// Row r of a segment with K+N rows belongs to slot (floor(256*r/(K+N)) + offset) mod 256, offset = first byte of the
/// segment's commitment.
interface ICommittee {
    /// @param operator who bonded; zero after leaving
    /// @param signer hot key that signs receipts
    /// @param endpoint base URL
    /// @param slots number of slots owned
    struct Member {
        address operator;
        address signer;
        uint16 slots;
        string endpoint;
    }

    error Committee_AlreadyMember(address operator);
    error Committee_NotMember(address operator);
    error Committee_Full(uint256 members);
    error Committee_InsufficientBond(address operator, uint256 allocated, uint256 required);
    error Committee_InvalidEndpoint(string endpoint);
    error Committee_InvalidSigner();

    event MemberJoined(uint8 indexed member, address indexed operator, address signer, string endpoint);
    event MemberLeft(uint8 indexed member, address indexed operator);
    event EndpointChanged(uint8 indexed member, string endpoint);
    /// @dev Emitted after every change of ownership with the whole table.
    event SlotsAssigned(uint256[8] owners);

    /// @notice Joins with `storage.nodeBond` allocated to this contract; takes unowned slots first, then from the largest
    /// holders, until it has its even share, at most 32 (one eighth).
    function join(address signer, string calldata endpoint) external returns (uint8 member);
    /// @notice Leaves the committee; its slots go to the smallest holders that are under 32, or to nobody.
    function resign() external;
    function setEndpoint(string calldata endpoint) external;

    function owners() external view returns (uint256[8] memory);
    /// @notice Member that owns `slot`, or 0.
    function ownerOf(uint8 slot) external view returns (uint8 member);
    function memberAt(uint8 member) external view returns (Member memory);
    function memberCount() external view returns (uint8);
    function memberOf(address operator) external view returns (uint8);
}
