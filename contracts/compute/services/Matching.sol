// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TickBook} from "../libraries/TickBook.sol";
import {ServiceId} from "../types/ComputeTypes.sol";
import {Capacity} from "./Capacity.sol";

/// @title Matching
/// @notice How a session finds its service, in a bounded number of looks.
abstract contract Matching is Capacity {
    using TickBook for TickBook.Book;

    /* CONSTANTS */

    uint256 private constant MAX_PROBES = 16;
    /// @dev Probes at one tick, and probes after which the search leaves the cheap end.
    uint256 private constant NEAR_PROBES = 8;

    /* SEARCH */

    /// @dev Goes up from the best tick; once the near probes are spent it jumps, once, to a salted place under the limit.
    function _pick(
        TickBook.Book storage book,
        uint256 tick,
        uint256 limit,
        uint256 budget,
        uint256 salt
    ) internal view returns (ServiceId id) {
        BondTerms memory terms = _terms();
        uint256 probes;
        bool near = true;
        bool found = true;
        while (found && tick <= limit && probes < MAX_PROBES) {
            uint256 spent;
            (id, spent) = _probe(book.listings[tick], budget, terms, salt, MAX_PROBES - probes);
            if (ServiceId.unwrap(id) != 0) return id;
            probes += spent;
            uint256 from = tick + 1;
            if (near && probes >= NEAR_PROBES && tick < limit) {
                near = false;
                (found, tick) = book.next(from + ((salt >> 128) % (limit - tick)));
                if (found && tick <= limit) continue;
            }
            (found, tick) = book.next(from);
        }
    }

    /// @dev The first service of a tick with room, from a salted place on.
    function _probe(
        ServiceId[] storage listings,
        uint256 budget,
        BondTerms memory terms,
        uint256 salt,
        uint256 allowance
    ) private view returns (ServiceId, uint256 spent) {
        uint256 length = listings.length;
        uint256 most = length < NEAR_PROBES ? length : NEAR_PROBES;
        if (most > allowance) most = allowance;
        for (; spent < most; ++spent) {
            ServiceId id = listings[((salt % length) + spent) % length];
            if (_freeCapacity(_operatorOf(id), terms) >= budget) return (id, spent + 1);
        }
        return (ServiceId.wrap(0), spent);
    }

    function _operatorOf(ServiceId id) internal view virtual returns (address);
}
