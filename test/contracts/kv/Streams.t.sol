// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStreams} from "../../../contracts/kv/interfaces/IStreams.sol";
import {Streams} from "../../../contracts/kv/Streams.sol";
import {StreamId, streamIdOf} from "../../../contracts/kv/types/StreamId.sol";
import {vm} from "../core/Vm.sol";

/// @notice Writers, relays, forgers and attesters do everything that can be done, in any order; remembers what must have come of it.
contract StreamsHandler {
    Streams public immutable streams = new Streams();
    uint256 private constant PEOPLE = 4;
    uint256 private constant STREAMS = 3;

    mapping(uint256 stream => uint64) public announced;
    mapping(uint256 stream => mapping(uint256 attester => uint64)) public attested;
    mapping(uint256 stream => mapping(uint256 attester => bytes32)) public roots;

    function person(uint256 seed) public pure returns (address) {
        return vm.addr(_keyOf(seed));
    }

    function streamOf(uint256 seed) public pure returns (StreamId) {
        return streamIdOf(address(0xaa), uint96(seed % STREAMS));
    }

    function announce(uint256 who, uint256 stream, uint64 nonce, bytes32 root) external {
        vm.prank(person(who));
        uint64 version = streams.announce(streamOf(stream), nonce, root);
        require(version == ++announced[stream % STREAMS], "KV-12: versions follow one another");
    }

    function announceMany(uint256 who, uint256 stream, uint64 nonce, uint256 count) external {
        IStreams.Announcement[] memory several = new IStreams.Announcement[](count % 5);
        for (uint256 i = 0; i < several.length; ++i) {
            several[i] = IStreams.Announcement(streamOf(_nth(stream, i)), nonce, bytes32(i));
            ++announced[_nth(stream, i) % STREAMS];
        }
        vm.prank(person(who));
        streams.announceMany(several);
    }

    /// @param lies bit i: item i is not what was signed
    function relay(uint256 who, uint256 stream, uint64 nonce, uint256 count, uint256 lies) external {
        IStreams.SignedAnnouncement[] memory several = new IStreams.SignedAnnouncement[](count % 5);
        for (uint256 i = 0; i < several.length; ++i) {
            bool isLie = (lies >> i) & 1 == 1;
            several[i] = _signed(_nth(who, i), streamOf(_nth(stream, i)), nonce, isLie ? 1 + (lies >> 8) : 0);
            if (!isLie) ++announced[_nth(stream, i) % STREAMS];
        }
        vm.prank(person(who));
        streams.relay(several);
    }

    function attest(uint256 who, uint256 stream, uint64 version, bytes32 root) external {
        (uint256 attester, uint256 index) = (who % PEOPLE, stream % STREAMS);
        version %= announced[index] + 3;
        bool isFine = version <= announced[index] && version > attested[index][attester];
        vm.prank(person(who));
        try streams.attest(streamOf(stream), version, root) {
            require(isFine, "KV-4: attested what isn't there, or is old");
            attested[index][attester] = version;
            roots[index][attester] = root;
        } catch {
            require(!isFine, "KV-3: a right word was refused");
        }
    }

    function look() external view {
        for (uint256 i = 0; i < STREAMS; ++i) {
            require(streams.batchCount(streamOf(i)) == announced[i], "KV-12: a version for each batch");
            for (uint256 j = 0; j < PEOPLE; ++j) {
                (uint64 version, bytes32 root) = streams.attestationOf(streamOf(i), person(j));
                require(version == attested[i][j] && root == roots[i][j], "KV-3: the newest word is kept");
            }
        }
    }

    /// @param how zero: as signed; else which part is another
    function _signed(
        uint256 who,
        StreamId stream,
        uint64 nonce,
        uint256 how
    ) private view returns (IStreams.SignedAnnouncement memory one) {
        bytes32 root = keccak256(abi.encode(who, nonce));
        bytes32 digest = streams.digestOf(person(who), stream, nonce, root);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(who), digest);
        one = IStreams.SignedAnnouncement(person(who), stream, nonce, root, abi.encodePacked(r, s, v));
        if (how == 0) return one;
        if (how % 5 == 0) one.writer = person(_nth(who, 1));
        if (how % 5 == 1) one.stream = StreamId.wrap(bytes32(uint256(StreamId.unwrap(stream)) ^ how));
        if (how % 5 == 2) one.nonce = ~nonce;
        if (how % 5 == 3) one.objectRoot = ~root;
        if (how % 5 == 4) one.signature[how % 64] = ~one.signature[how % 64];
    }

    function _keyOf(uint256 seed) private pure returns (uint256) {
        return 0xa11ce + (seed % PEOPLE);
    }

    function _nth(uint256 seed, uint256 i) private pure returns (uint256) {
        unchecked {
            return (seed % (PEOPLE * STREAMS)) + i;
        }
    }
}

/// @notice What holds of streams after any sequence of actions.
contract StreamsInvariants {
    StreamsHandler private _handler;

    function setUp() external {
        _handler = new StreamsHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// KV-3, KV-4, KV-6, KV-12: a version for each batch and for nothing else, whoever brings it.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_KV_12_aVersionForEachBatch() external view {
        _handler.look();
    }
}
