import { expect } from "chai";
import {
  captureChance,
  captureChanceUnbounded,
  membersOverPromise,
} from "../../../bench/economics/capture.ts";
import { hypergeometricTail } from "../../../bench/economics/chances.ts";
import { passesForWhole } from "../../../bench/economics/cheats/node.ts";
import { caughtInEpoch, caughtWithin, epochsUntilSlash } from "../../../bench/economics/detection.ts";
import { seededRandom } from "../../../bench/random.ts";

/** Share of `runs` experiments that succeed. */
const shareOf = (runs: number, succeeds: () => boolean): number => {
  let hits = 0;
  for (let run = 0; run < runs; run++) if (succeeds()) hits++;
  return hits / runs;
};

/** Four standard deviations of a share over so many runs. */
const noise = (chance: number, runs: number): number => 4 * Math.sqrt((chance * (1 - chance)) / runs);

/** Marked ones among `draws` out of `population` of which the first `marked` are, without repetition. */
function drawMarked(random: () => number, population: number, marked: number, draws: number): number {
  let hits = 0;
  for (let drawn = 0; drawn < draws; drawn++) if (random() < (marked - hits) / (population - drawn)) hits++;
  return hits;
}

describe("bench: chances", () => {
  for (const missing of [0.01, 0.05, 0.1, 0.5])
    it(`of finding ${missing * 100} % missing are those of two independent samples`, () => {
      const random = seededRandom(11n);
      const runs = 40_000;
      const isCaught = () => random() < missing || random() < missing;
      const once = shareOf(runs, isCaught);
      expect(once).to.be.closeTo(caughtInEpoch(missing), noise(caughtInEpoch(missing), runs));
      const wide = shareOf(2_000, () => Array.from({ length: 30 }, isCaught).includes(true));
      expect(wide).to.be.closeTo(caughtWithin(missing, 30), noise(caughtWithin(missing, 30), 2_000) + 1e-9);
    });

  it("of a run of misses come after as many epochs as the formula says", () => {
    const random = seededRandom(12n);
    const epochs = () => {
      let [count, run] = [0, 0];
      for (; run < 2; count++) run = random() < caughtInEpoch(0.5) ? run + 1 : 0;
      return count;
    };
    const runs = 20_000;
    const mean = Array.from({ length: runs }, epochs).reduce((sum, count) => sum + count) / runs;
    expect(mean).to.be.closeTo(epochsUntilSlash(0.5, 2), 0.06);
    expect(epochsUntilSlash(1, 3)).to.equal(3);
    expect(epochsUntilSlash(0, 3)).to.equal(Infinity);
  });

  for (const size of [32, 64])
    it(`of holding > 40 % of a committee of ${size} are those of drawing without repetition`, () => {
      const random = seededRandom(13n);
      const runs = 20_000;
      const most = membersOverPromise(size);
      expect(most / size).to.be.greaterThan(0.4);
      expect((most - 1) / size).to.be.at.most(0.4);
      const chance = captureChance(567, 0.33, size);
      const found = shareOf(runs, () => drawMarked(random, 567, Math.round(567 * 0.33), size) >= most);
      expect(found).to.be.closeTo(chance, noise(chance, runs));
      expect(captureChanceUnbounded(0.33, size)).to.be.greaterThan(chance);
    });

  it("of a draw are one for all outcomes together, and those of small cases counted by hand", () => {
    expect(hypergeometricTail(10, 4, 4, 0)).to.be.closeTo(1, 1e-12);
    // 1 of the 210 choices of 4 out of 10 takes all four.
    expect(hypergeometricTail(10, 4, 4, 4)).to.be.closeTo(1 / 210, 1e-12);
    expect(hypergeometricTail(256, 7, 16, 8)).to.equal(0);
    expect(passesForWhole(256)).to.be.closeTo(1, 1e-9);
    expect(passesForWhole(128)).to.be.within(0.5, 0.7);
  });
});
