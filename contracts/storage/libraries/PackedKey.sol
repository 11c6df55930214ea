// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BLS} from "../../core/libraries/BLS.sol";

/// @dev A point of G1 in three words. Its coordinates have 48 bytes; EIP-2537 pads each to two words.
/// @param tops high 16 bytes of x, then those of y
struct PackedKey {
    bytes32 tops;
    bytes32 x1;
    bytes32 y1;
}

using {unpack} for PackedKey global;

/// @dev The 16 zero bytes before each coordinate must be zero, as on every point of the curve.
function pack(BLS.G1 memory key) pure returns (PackedKey memory) {
    return PackedKey((key.x0 << 128) | key.y0, key.x1, key.y1);
}

function unpack(PackedKey memory self) pure returns (BLS.G1 memory) {
    return BLS.G1(self.tops >> 128, self.x1, (self.tops << 128) >> 128, self.y1);
}
