// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StreamId, streamIdOf} from "../../../contracts/kv/types/StreamId.sol";

contract StreamIdTest {
    /// KV-13
    function testFuzz_isOwnerAndNumber(address owner, uint96 number) public pure {
        StreamId stream = streamIdOf(owner, number);

        assert(StreamId.unwrap(stream) == bytes32(abi.encodePacked(owner, number)));
        assert(stream.ownerOf() == owner);
        assert(stream.numberOf() == number);
    }

    /// KV-13
    function testFuzz_hasOneForm(bytes32 id) public pure {
        StreamId stream = StreamId.wrap(id);

        assert(StreamId.unwrap(streamIdOf(stream.ownerOf(), stream.numberOf())) == id);
    }
}
