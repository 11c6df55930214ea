// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TickBook} from "../../../../contracts/compute/libraries/TickBook.sol";
import {ServiceId} from "../../../../contracts/compute/types/ComputeTypes.sol";

/// @dev Compared with a plain array of (tick, service) that is searched from end to end.
contract TickBookTest {
    using TickBook for TickBook.Book;

    TickBook.Book private _book;
    mapping(uint64 id => uint256) private _tickOf;
    mapping(uint64 id => uint32) private _positionOf;
    uint64[] private _listed;

    function testFuzz_SERV2_theBookAgreesWithAList(uint256[24] calldata moves) external {
        for (uint256 i = 0; i < moves.length; ++i) {
            // A third of the moves removes; ticks crowd into a few words so that they meet.
            if (_listed.length != 0 && moves[i] % 3 == 0) _remove((moves[i] >> 8) % _listed.length);
            else _insert(uint64(i + 1), _crowded(moves[i] >> 8));
            _compare((moves[i] >> 64) % 8200);
        }
        while (_listed.length != 0) _remove(_listed.length - 1);
        (bool found, ) = _book.next(0);
        require(!found && _book.summary == 0, "an empty book must look empty");
    }

    function test_SERV2_theEdgesOfWordsAreFound() external {
        uint16[7] memory ticks = [uint16(0), 255, 256, 511, 4096, 8190, 8191];
        for (uint64 i = 0; i < ticks.length; ++i) _insert(i + 1, ticks[i]);
        for (uint256 i = 0; i < ticks.length; ++i) {
            (bool found, uint256 tick) = _book.next(ticks[i]);
            require(found && tick == ticks[i], "a tick must find itself");
            (found, tick) = _book.next(uint256(ticks[i]) + 1);
            bool last = i + 1 == ticks.length;
            require(found != last && (last || tick == ticks[i + 1]), "the next tick must be found");
        }
    }

    function _crowded(uint256 entropy) private pure returns (uint256) {
        uint16[6] memory bases = [uint16(0), 250, 510, 2048, 8100, 8180];
        return bases[entropy % 6] + ((entropy >> 8) % 12);
    }

    function _insert(uint64 id, uint256 tick) private {
        _positionOf[id] = _book.insert(tick, ServiceId.wrap(id));
        _tickOf[id] = tick;
        _listed.push(id);
    }

    function _remove(uint256 index) private {
        uint64 id = _listed[index];
        uint64 moved = ServiceId.unwrap(_book.remove(_tickOf[id], _positionOf[id]));
        _positionOf[moved] = _positionOf[id];
        _listed[index] = _listed[_listed.length - 1];
        _listed.pop();
    }

    function _compare(uint256 from) private view {
        uint256 best = type(uint256).max;
        for (uint256 i = 0; i < _listed.length; ++i) {
            uint64 id = _listed[i];
            ServiceId[] storage listings = _book.listings[_tickOf[id]];
            require(ServiceId.unwrap(listings[_positionOf[id]]) == id, "a service must stand where it says");
            if (_tickOf[id] >= from && _tickOf[id] < best) best = _tickOf[id];
        }
        (bool found, uint256 tick) = _book.next(from);
        require(found == (best != type(uint256).max) && (!found || tick == best), "the next tick is wrong");
    }
}
