// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PriceTicks} from "../../../../contracts/compute/libraries/PriceTicks.sol";

contract PriceTicksTest {
    function test_SERV1_pricesNeverFallFromTickToTick() external pure {
        uint256 previous;
        for (uint256 tick = 0; tick <= PriceTicks.MAX_TICK; ++tick) {
            uint256 price = PriceTicks.priceAt(tick);
            require(price >= previous && price != 0, "a higher tick must not be cheaper");
            // From 10,000 wei on, rounding is small against 1 %: the step is between 0.98 % and 1.02 %.
            if (previous >= 10_000) {
                uint256 step = ((price - previous) * 10_000) / previous;
                require(step >= 98 && step <= 102, "a step must be 1 %");
            }
            previous = price;
        }
    }

    function test_SERV1_theTickOfAPriceIsTheLargestWithThatPrice() external pure {
        for (uint256 tick = 0; tick <= PriceTicks.MAX_TICK; ++tick) {
            uint256 price = PriceTicks.priceAt(tick);
            uint256 found = PriceTicks.tickAtOrBelow(price);
            require(found >= tick && PriceTicks.priceAt(found) == price, "not a tick of this price");
            if (found < PriceTicks.MAX_TICK)
                require(PriceTicks.priceAt(found + 1) > price, "not the largest");
        }
    }

    function testFuzz_SERV1_tickAtOrBelowIsTheLargestAtOrUnder(uint256 price, uint8 shift) external pure {
        // Spread over all magnitudes, far above the largest price included.
        price >>= shift;
        if (price == 0) price = 1;
        uint256 tick = PriceTicks.tickAtOrBelow(price);
        require(tick <= PriceTicks.MAX_TICK, "no such tick");
        require(PriceTicks.priceAt(tick) <= price, "above the price");
        if (tick < PriceTicks.MAX_TICK) require(PriceTicks.priceAt(tick + 1) > price, "a larger one fits");
    }
}
