// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CommitteeId} from "../types/StorageTypes.sol";
import {SlotSet} from "./SlotSet.sol";

/// @title SampleDraw
/// @notice Which rows a node has to prove in an epoch, and which of them it has to open. See IStorageAudits.
/// @dev The bias of a remainder is below 2^-60: 128 bits of hash over a 64-bit range. Keepers compute the same.
library SampleDraw {
    uint256 internal constant SAMPLES = 1024;
    /// @notice Units drawn for a sample at most, while those before are of expired batches.
    uint256 internal constant DRAWS = 16;
    uint256 private constant SLOTS = 256;

    /// @param slot of the node
    /// @param unit of its committee
    /// @param hash that the unit comes from
    struct Sample {
        uint256 slot;
        uint256 unit;
        uint256 hash;
    }

    /* SEEDS AND VALUES */

    function nodeSeed(
        bytes32 seedA,
        CommitteeId committee,
        uint8 seat,
        address operator
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(seedA, committee, seat, operator));
    }

    /// @notice What a node commits for a row that it holds; it takes the whole row.
    function valueOf(bytes32 seed, uint256 index, bytes calldata row) internal pure returns (bytes32 value) {
        // As keccak256(abi.encodePacked(seed, index, row)), with one copy of the row.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, seed)
            mstore(add(free, 0x20), index)
            calldatacopy(add(free, 0x40), row.offset, row.length)
            value := keccak256(free, add(row.length, 0x40))
        }
    }

    /* SAMPLES */

    /// @param liable slots of the node, not none
    /// @param units of its committee, not zero
    function draw(
        Sample memory self,
        bytes32 seed,
        uint256 number,
        uint256 liable,
        uint256 units
    ) internal pure {
        uint256 hash = uint256(keccak256(abi.encode(seed, number)));
        self.slot = SlotSet.slotAt(liable, (hash >> 128) % SlotSet.size(liable));
        self.unit = uint128(hash) % units;
        self.hash = hash;
    }

    /// @notice Draws the sample's next unit, when the batch of the last one had expired.
    function redraw(Sample memory self, uint256 units) internal pure {
        self.hash = uint256(keccak256(abi.encode(self.hash)));
        self.unit = uint128(self.hash) % units;
    }

    /// @notice The two samples that seed B asks for: neighbours, so that one path proves both.
    /// @return even number of the first; the second comes right after it
    function pair(bytes32 seed, bytes32 seedB) internal pure returns (uint256 even) {
        return 2 * (uint256(keccak256(abi.encode(seed, seedB))) % (SAMPLES / 2));
    }

    /* PLACES */

    /// @notice Row of a segment that is a slot's `rowInStrip`-th.
    /// @param offset first byte of the segment's commitment
    function rowAt(
        uint256 slot,
        uint256 offset,
        uint256 rowInStrip,
        uint256 rowsPerStrip
    ) internal pure returns (uint256) {
        // Numbers of 16 bits.
        unchecked {
            return ((slot + SLOTS - offset) % SLOTS) * rowsPerStrip + rowInStrip;
        }
    }
}
