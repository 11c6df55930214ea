// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title UnitSpace
/// @notice How many units there were when an epoch began, and how many of them had not expired.
/// @dev What was added counts from the epoch after, so the count of an epoch that has begun never changes.
library UnitSpace {
    using Checkpoints for Checkpoints.Trace208;

    /// @param added all units ever added, by the epoch from which they count
    /// @param expired all units gone, by the epoch from which they no longer count
    /// @param leaving units that expire when an epoch begins; zero again once `roll` has been there
    /// @param rolledTo epoch up to which `expired` is complete
    struct Space {
        Checkpoints.Trace208 added;
        Checkpoints.Trace208 expired;
        mapping(uint256 epoch => uint64) leaving;
        uint48 rolledTo;
    }

    /// @param current epoch of the addition
    /// @param endEpoch first epoch in which the units no longer count; zero when they always will
    /// @return first number of units added before
    function add(
        Space storage self,
        uint48 current,
        uint64 units,
        uint256 endEpoch
    ) internal returns (uint64 first) {
        // Holds what `added` holds, whose values are sums of 64 bits.
        first = uint64(self.added.latest());
        if (self.rolledTo == 0) self.rolledTo = current;
        self.added.push(current + 1, first + units);
        if (endEpoch != 0) self.leaving[endEpoch] += units;
    }

    /// @notice Goes on to `current`, at most `maxEpochs` epochs: one slot read for each.
    function roll(Space storage self, uint48 current, uint256 maxEpochs) internal {
        uint256 from = self.rolledTo;
        if (from == 0 || from >= current) return;
        uint256 to = from + Math.min(maxEpochs, current - from);
        uint208 gone = self.expired.latest();
        for (uint256 epoch = from + 1; epoch <= to; ++epoch) {
            uint64 units = self.leaving[epoch];
            if (units == 0) continue;
            gone += units;
            delete self.leaving[epoch];
            // Epochs up to the current one, which has 48 bits.
            self.expired.push(uint48(epoch), gone);
        }
        self.rolledTo = uint48(to);
    }

    /// @notice Units added before `epoch` began.
    function unitsAt(Space storage self, uint48 epoch) internal view returns (uint64) {
        return uint64(self.added.upperLookupRecent(epoch));
    }

    /// @notice Of these, units that had not expired then; right only up to epoch `rolledTo`.
    function liveAt(Space storage self, uint48 epoch) internal view returns (uint64) {
        return uint64(self.added.upperLookupRecent(epoch) - self.expired.upperLookupRecent(epoch));
    }
}
