// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title PriceTicks
/// @notice Prices on a geometric scale: tick t costs 1.01^t wei, rounded down.
/// @dev A power is the product of 1.01^(2^i) over the bits of t, from the highest bit to the lowest, in 64-bit fixed point and
/// rounded down. Both functions multiply in the same order, so the greedy search meets exactly the values of `priceAt`.
/// The largest product is below 2^246.
library PriceTicks {
    /* CONSTANTS */

    uint16 internal constant MAX_TICK = 8191;

    uint256 private constant ONE = 1 << 64;
    /// @dev floor(1.01^(2^i) * 2^64)
    uint256 private constant P0 = 0x1028f5c28f5c28f5c;
    uint256 private constant P1 = 0x10525460aa64c2f83;
    uint256 private constant P2 = 0x10a65063f09553e4a;
    uint256 private constant P3 = 0x1153618d8ed4986ac;
    uint256 private constant P4 = 0x12c2e1d33ef6e9cc5;
    uint256 private constant P5 = 0x15ffc1cc03b2a19f6;
    uint256 private constant P6 = 0x1e3f54f1fbfec8b5e;
    uint256 private constant P7 = 0x392e793a259708d0e;
    uint256 private constant P8 = 0xcc5ba6baf0ac8f207;
    uint256 private constant P9 = 0xa3223289e511176beb;
    uint256 private constant P10 = 0x67f490ed104ec41f4cd0;
    uint256 private constant P11 = 0x2a36b643591205d6dafe2d06;
    uint256 private constant P12 = 0x6f5ff7f7f6751e25539e12d7c71dae1;

    /* PRICES */

    /// @param tick at most MAX_TICK
    /// @return price wei
    function priceAt(uint256 tick) internal pure returns (uint256 price) {
        uint256 x = ONE;
        if (tick & 4096 != 0) x = (x * P12) >> 64;
        if (tick & 2048 != 0) x = (x * P11) >> 64;
        if (tick & 1024 != 0) x = (x * P10) >> 64;
        if (tick & 512 != 0) x = (x * P9) >> 64;
        if (tick & 256 != 0) x = (x * P8) >> 64;
        if (tick & 128 != 0) x = (x * P7) >> 64;
        if (tick & 64 != 0) x = (x * P6) >> 64;
        if (tick & 32 != 0) x = (x * P5) >> 64;
        if (tick & 16 != 0) x = (x * P4) >> 64;
        if (tick & 8 != 0) x = (x * P3) >> 64;
        if (tick & 4 != 0) x = (x * P2) >> 64;
        if (tick & 2 != 0) x = (x * P1) >> 64;
        if (tick & 1 != 0) x = (x * P0) >> 64;
        return x >> 64;
    }

    /// @param price wei, at least 1
    /// @return tick the largest one whose price is at or under `price`
    function tickAtOrBelow(uint256 price) internal pure returns (uint256 tick) {
        uint256 x = ONE;
        (x, tick) = _step(x, tick, P12, 4096, price);
        (x, tick) = _step(x, tick, P11, 2048, price);
        (x, tick) = _step(x, tick, P10, 1024, price);
        (x, tick) = _step(x, tick, P9, 512, price);
        (x, tick) = _step(x, tick, P8, 256, price);
        (x, tick) = _step(x, tick, P7, 128, price);
        (x, tick) = _step(x, tick, P6, 64, price);
        (x, tick) = _step(x, tick, P5, 32, price);
        (x, tick) = _step(x, tick, P4, 16, price);
        (x, tick) = _step(x, tick, P3, 8, price);
        (x, tick) = _step(x, tick, P2, 4, price);
        (x, tick) = _step(x, tick, P1, 2, price);
        (, tick) = _step(x, tick, P0, 1, price);
    }

    /// @dev Takes one more bit into the tick if its price stays at or under `price`.
    function _step(
        uint256 x,
        uint256 tick,
        uint256 power,
        uint256 bit,
        uint256 price
    ) private pure returns (uint256, uint256) {
        uint256 raised = (x * power) >> 64;
        return raised >> 64 <= price ? (raised, tick | bit) : (x, tick);
    }
}
