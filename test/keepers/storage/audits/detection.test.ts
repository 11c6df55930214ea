import { expect } from "chai";
import { toBeHex } from "ethers";
import { DRAWS, drawnPair, nodeSeed, sampleAt } from "../../../../keepers/storage/audits/samples.ts";

const EPOCHS = 6_000;
const UNITS = 1_000_003n;
const SLOTS = [3, 17, 40, 211];
const seat = { committee: 2, seat: 9, operator: `0x${"5a".repeat(20)}` };

/**
 * In how many epochs the drawn pair has a row that is gone, of a node that has dropped a share of all its rows.
 *
 * @param expired share of units that had expired, in percent
 */
function caughtIn(isGone: (slot: number, unit: bigint) => boolean, expired = 0n): number {
  const isExpired = (unit: bigint) => unit % 100n < expired;
  const units = { count: UNITS, isExpired };
  let caught = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const seed = nodeSeed(toBeHex(epoch, 32), seat);
    const even = drawnPair(seed, toBeHex(2 ** 40 + epoch, 32));
    const drawn = [even, even + 1].map((number) => sampleAt(seed, number, SLOTS, units));
    if (drawn.some(({ slot, unit }) => !isExpired(unit) && isGone(slot, unit))) caught++;
  }
  return caught;
}

describe("storage: what audits detect (AUDIT-20)", () => {
  for (const percent of [5, 10, 50]) {
    const share = percent / 100;
    const expected = 1 - (1 - share) ** 2;
    // Four standard deviations of so many trials.
    const bound = 4 * Math.sqrt(EPOCHS * expected * (1 - expected));

    it(`${percent} % of rows gone, here and there: about ${(100 * expected).toFixed(1)} % an epoch`, () => {
      const caught = caughtIn((_, unit) => unit % 100n < percent);
      expect(caught).to.be.within(EPOCHS * expected - bound, EPOCHS * expected + bound);
    });

    it(`${percent} % of rows gone, all from the oldest batches: the same`, () => {
      const caught = caughtIn((_, unit) => unit * 100n < UNITS * BigInt(percent));
      expect(caught).to.be.within(EPOCHS * expected - bound, EPOCHS * expected + bound);
    });
  }

  it("one slot of four gone: as a quarter of the rows", () => {
    const expected = 1 - (3 / 4) ** 2;
    const bound = 4 * Math.sqrt(EPOCHS * expected * (1 - expected));
    const caught = caughtIn((slot) => slot === SLOTS[2]);
    expect(caught).to.be.within(EPOCHS * expected - bound, EPOCHS * expected + bound);
  });

  for (const percent of [50n, 90n])
    it(`half of what is live gone, ${percent} % of all expired: nearly as if nothing had`, () => {
      const share = Number(percent) / 100;
      // A sample is void when all its draws are of expired units.
      const expected = 1 - (1 - (1 - share ** DRAWS) / 2) ** 2;
      const bound = 4 * Math.sqrt(EPOCHS * expected * (1 - expected));
      const caught = caughtIn((_, unit) => (unit / 100n) % 2n === 0n, percent);
      expect(caught).to.be.within(EPOCHS * expected - bound, EPOCHS * expected + bound);
    });
});
