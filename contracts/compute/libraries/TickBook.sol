// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ServiceId} from "../types/ComputeTypes.sol";

/// @title TickBook
/// @notice Services by price tick; the next non-empty tick is found in two reads.
/// @dev A two-level bitmap over 8192 ticks: 32 words of 256 ticks, and one word that says which of them are not empty.
library TickBook {
    /// @param summary bit w set: words[w] is not zero
    /// @param words bit b of word w set: tick 256 w + b has services
    /// @param listings services at a tick, in no order
    struct Book {
        uint256 summary;
        mapping(uint256 word => uint256) words;
        mapping(uint256 tick => ServiceId[]) listings;
    }

    /* CHANGES */

    /// @return position of the service within its tick
    function insert(Book storage book, uint256 tick, ServiceId id) internal returns (uint32 position) {
        ServiceId[] storage listings = book.listings[tick];
        uint256 length = listings.length;
        if (length == 0) {
            book.words[tick >> 8] |= 1 << (tick & 255);
            book.summary |= 1 << (tick >> 8);
        }
        listings.push(id);
        return uint32(length);
    }

    /// @return moved the service that took the freed position; the removed one itself when it was the last
    function remove(Book storage book, uint256 tick, uint32 position) internal returns (ServiceId moved) {
        ServiceId[] storage listings = book.listings[tick];
        uint256 last = listings.length - 1;
        moved = listings[last];
        if (position != last) listings[position] = moved;
        listings.pop();
        if (last == 0) {
            uint256 word = book.words[tick >> 8] & ~(1 << (tick & 255));
            book.words[tick >> 8] = word;
            if (word == 0) book.summary &= ~(1 << (tick >> 8));
        }
    }

    /* SEARCH */

    /// @notice The lowest non-empty tick at or above `from`.
    function next(Book storage book, uint256 from) internal view returns (bool found, uint256 tick) {
        uint256 index = from >> 8;
        uint256 word = (book.words[index] >> (from & 255)) << (from & 255);
        if (word == 0) {
            uint256 later = (book.summary >> (index + 1)) << (index + 1);
            if (later == 0) return (false, 0);
            index = _lowestBit(later);
            word = book.words[index];
        }
        return (true, (index << 8) | _lowestBit(word));
    }

    function _lowestBit(uint256 word) private pure returns (uint256) {
        return Math.log2(word & (~word + 1));
    }
}
