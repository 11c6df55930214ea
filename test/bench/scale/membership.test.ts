import { expect } from "chai";
import { seededRandom } from "../../../bench/random.ts";
import { churnCommittee } from "../../../bench/scale/membership.ts";
import { networks } from "../../../bench/scale/networks.ts";
import { amplification } from "../../../bench/scale/repair.ts";

describe("bench: scale", () => {
  for (const network of networks)
    for (const members of [10, 32, 64])
      it(`moves no more than who changed needs, ${members} members, rows of ${network.rowSize}`, () => {
        const limit = 32;
        const churn = { members, epochs: 60, changes: 4, limit, random: seededRandom(7n) };
        const moves = churnCommittee(network, churn);
        expect(moves.joins).to.be.greaterThan(30);
        expect(moves.leaves).to.be.greaterThan(30);
        expect(moves.byteRatio).to.be.at.most(1.2);
        expect(moves.slotRatio).to.be.at.most(1.2);
        expect(moves.busiestEpoch).to.be.within(1, limit);
        expect(moves.unevenness).to.be.at.most(1);
      });

  it("says the same for the same seed, and moves nothing where nothing may move", () => {
    const run = (seed: bigint) =>
      churnCommittee(networks[0]!, {
        members: 10,
        epochs: 5,
        changes: 1,
        limit: 64,
        random: seededRandom(seed),
      });
    expect(run(1n)).to.deep.equal(run(1n));
    const loose = churnCommittee(networks[0]!, {
      members: 10,
      epochs: 5,
      changes: 1,
      limit: 0,
      random: seededRandom(1n),
    });
    expect(loose.leaves).to.equal(0);
  });

  it("counts what a rebuild reads: K strips once, or once for each heir", () => {
    expect(amplification("copied from a leaver that still serves", 4)).to.equal(1);
    expect(amplification("rebuilt by each heir for itself", 4)).to.equal(128);
    expect(amplification("rebuilt once a segment and handed on", 4)).to.equal((128 + 3) / 4);
    expect(amplification("rebuilt by one newcomer", 4)).to.equal(32);
  });
});
