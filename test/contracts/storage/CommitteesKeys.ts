import { aggregatePublicKeys } from "@chainsafe/blst";
import { expect } from "chai";
import { network } from "hardhat";
import { encodeKey } from "../../../keepers/runtime/bls/points.ts";
import { slotsOf } from "../../../keepers/storage/format/placement.ts";
import { INFINITY_G1 } from "../core/blsPoints.ts";
import { secretOf } from "../core/blsSigners.ts";
import { deployCommittees, enterAs, nextEpoch, ownersIn } from "./committees.ts";

const { ethers, networkHelpers } = await network.create();

async function five() {
  const fixture = await deployCommittees(ethers);
  const people = (await ethers.getSigners()).slice(5);
  await nextEpoch(networkHelpers);
  for (let i = 0; i < 5; i++) await enterAs(fixture, networkHelpers, people[i]!, i + 1);
  return { ...fixture, people };
}

/** Sum of the keys of so many seats, seat i having key i, as a library makes it. */
const sumOf = (seats: number[]) =>
  encodeKey(aggregatePublicKeys(seats.map((i) => secretOf(i).toPublicKey())));
const bits = (seats: number[]) => seats.reduce((set, seat) => set | (1n << BigInt(seat)), 0n);
const words = (point: object) => Object.values(point).map(String);

describe("Keys of Committees", () => {
  it("add up to everybody's but the missing ones', with their slots (COMMITTEES-16)", async () => {
    const { committees } = await networkHelpers.loadFixture(five);
    const owners = Uint8Array.from(ownersIn(await committees.owners(0)));
    for (const missing of [[], [1], [5], [2, 4], [1, 2, 3, 4]]) {
      const [key, slots] = await committees.signers(0, bits(missing));
      const present = [1, 2, 3, 4, 5].filter((seat) => !missing.includes(seat));
      expect([...key]).to.deep.equal(words(sumOf(present)));
      expect(slots).to.equal(present.reduce((set, seat) => set | slotsOf(owners, seat), 0n));
    }
    const [nobody, none] = await committees.signers(0, bits([1, 2, 3, 4, 5]));
    expect([...nobody]).to.deep.equal(words(INFINITY_G1));
    expect(none).to.equal(0n);
  });

  it("follow who comes and goes, by whatever way (COMMITTEES-16)", async () => {
    const fixture = await networkHelpers.loadFixture(five);
    const { committees, bonds, module, people } = fixture;
    const keyNow = async () => [...(await committees.signers(0, 0n))[0]];
    await committees.connect(people[1]!).resign();
    expect(await keyNow()).to.deep.equal(words(sumOf([1, 3, 4, 5])));
    await bonds.connect(people[4]!).unbond(module.address, 1n);
    await committees.evict(people[4]!.address);
    expect(await keyNow()).to.deep.equal(words(sumOf([1, 3, 4])));
    await enterAs(fixture, networkHelpers, people[6]!, 7);
    expect(await keyNow()).to.deep.equal(words(sumOf([1, 3, 4, 7])));
  });

  it("are asked of members alone: who left isn't missing (COMMITTEES-16)", async () => {
    const { committees, people } = await networkHelpers.loadFixture(five);
    await committees.connect(people[1]!).resign();
    for (const [missing, strangers] of [
      [[2], [2]],
      [
        [1, 2, 9],
        [2, 9],
      ],
      [[0], [0]],
    ] as const)
      await expect(committees.signers(0, bits([...missing])))
        .to.be.revertedWithCustomError(committees, "Committees_NotSeated")
        .withArgs(0n, bits([...strangers]));
  });
});
