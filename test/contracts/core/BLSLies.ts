import { PublicKey } from "@chainsafe/blst";
import { expect } from "chai";
import { concat, getBytes, id } from "ethers";
import { network } from "hardhat";
import type { G1Point, G2Point } from "../../../keepers/runtime/bls/points.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  coordinatesOf,
  g1,
  g2,
  INFINITY_G1,
  INFINITY_G2,
  P,
  strayG1,
  strayG2,
  wordsOf,
} from "./blsPoints.ts";
import { type BLSProbe, keyOf, secretOf, sign } from "./blsSigners.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "BLS");

const deploy = async () => {
  const contract = await ethers.deployContract("BLSProbe");
  return { contract, probe: contract as unknown as BLSProbe };
};

const DIGEST = id("a batch");
const SECRET = secretOf(7);
const KEY = keyOf(SECRET);
const SIGNATURE = sign(SECRET, DIGEST);
const TOP_BIT = 1n << 511n;

/** Sum of two points of G2, the subgroup not asked. */
async function addG2(a: G2Point, b: G2Point): Promise<G2Point> {
  const to = "0x000000000000000000000000000000000000000d";
  const sum = await ethers.provider.call({ to, data: concat([...a.words, ...b.words]) });
  return {
    words: Array.from({ length: 8 }, (_, i) => `0x${sum.slice(2 + 64 * i, 66 + 64 * i)}`) as G2Point["words"],
  };
}

/** The same point with a coordinate written in another way, or with its point moved off the curve. */
function* bent(coordinates: bigint[]): Generator<bigint[]> {
  for (const [i, value] of coordinates.entries()) {
    for (const other of [value + P, value + TOP_BIT, value + (1n << 384n), value ^ 1n]) {
      yield coordinates.with(i, other);
    }
  }
}

const bentKeys = () => [...bent(coordinatesOf(wordsOf(KEY)))].map(([x, y]) => g1(x!, y!));
const bentSignatures = () => [...bent(coordinatesOf(SIGNATURE.words))].map(g2);

describe("BLS refuses", () => {
  it("another digest, key or signer (BLS-4)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    expect(await probe.verify(KEY, DIGEST, SIGNATURE)).to.equal(true);
    expect(await probe.verify(KEY, id("another"), SIGNATURE)).to.equal(false);
    expect(await probe.verify(keyOf(secretOf(8)), DIGEST, SIGNATURE)).to.equal(false);
    expect(await probe.verify(KEY, DIGEST, sign(secretOf(8), DIGEST))).to.equal(false);
  });

  it("infinity, as key, as signature and as both, which the pairing alone would pass (BLS-5)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    expect(await probe.isValidKey(INFINITY_G1)).to.equal(false);
    expect(await probe.verify(INFINITY_G1, DIGEST, INFINITY_G2)).to.equal(false);
    expect(await probe.verify(INFINITY_G1, DIGEST, SIGNATURE)).to.equal(false);
    expect(await probe.verify(KEY, DIGEST, INFINITY_G2)).to.equal(false);
  });

  it("points off the curve and coordinates written with spare bits or past the modulus (BLS-6)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    for (const key of bentKeys()) {
      expect(await probe.isValidKey(key)).to.equal(false);
      expect(await probe.verify(key, DIGEST, SIGNATURE)).to.equal(false);
    }
    for (const signature of bentSignatures()) {
      expect(await probe.verify(KEY, DIGEST, signature)).to.equal(false);
    }
  });

  it("points of the curve outside the subgroup (BLS-7)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    const stray = strayG1();
    const serialized = getBytes(
      concat([stray.x0, stray.x1, stray.y0, stray.y1].map((w, i) => (i % 2 ? w : `0x${w.slice(34)}`))),
    );
    expect(() => PublicKey.fromBytes(serialized, true)).to.throw("Point not in group");
    // On the curve: it can be added.
    const shifted = await probe.add(KEY, stray);
    for (const words of [wordsOf(stray), [...shifted]]) {
      const [x0, x1, y0, y1] = words as [string, string, string, string];
      const key: G1Point = { x0, x1, y0, y1 };
      expect(await probe.isValidKey(key)).to.equal(false);
      expect(await probe.verify(key, DIGEST, SIGNATURE)).to.equal(false);
    }
    const torsion = await addG2(SIGNATURE, strayG2());
    expect(await probe.verify(KEY, DIGEST, torsion)).to.equal(false);
    expect(await probe.verify(KEY, DIGEST, strayG2())).to.equal(false);
  });

  it("a call that is cut short (BLS-8)", async () => {
    const { contract } = await networkHelpers.loadFixture(deploy);
    const data = contract.interface.encodeFunctionData("verify", [KEY, DIGEST, SIGNATURE]);
    const to = await contract.getAddress();
    for (const cut of [2, 64, 64 * 8, 64 * 9]) {
      await expect(ethers.provider.call({ to, data: data.slice(0, -cut) })).to.be.revert(ethers);
    }
  });

  it("to add what isn't on the curve (BLS-6)", async () => {
    const { contract, probe } = await networkHelpers.loadFixture(deploy);
    const G1_ADD = "0x000000000000000000000000000000000000000b";
    for (const key of bentKeys()) {
      await expect(probe.add(key, KEY))
        .to.be.revertedWithCustomError(contract, "BLS_PrecompileRefused")
        .withArgs(G1_ADD);
    }
  });

  it("the possession of a key that cancels another's (BLS-9)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    const [x0, x1, y0, y1] = await probe.negate(KEY);
    const attacker = secretOf(66);
    const [r0, r1, r2, r3] = await probe.add(keyOf(attacker), { x0: x0!, x1: x1!, y0: y0!, y1: y1! });
    const rogue: G1Point = { x0: r0!, x1: r1!, y0: r2!, y1: r3! };
    expect(await probe.isValidKey(rogue)).to.equal(true);

    // Were it admitted, the attacker alone would sign for both.
    const [s0, s1, s2, s3] = await probe.add(rogue, KEY);
    const sum: G1Point = { x0: s0!, x1: s1!, y0: s2!, y1: s3! };
    expect(await probe.verify(sum, DIGEST, sign(attacker, DIGEST))).to.equal(true);

    const possession = id("possession of the rogue key");
    expect(await probe.verify(rogue, possession, sign(attacker, possession))).to.equal(false);
    expect(await probe.verify(rogue, possession, sign(SECRET, possession))).to.equal(false);
  });

  it("nothing for want of gas: a starved judgement reverts (BLS-10)", async () => {
    const { probe } = await networkHelpers.loadFixture(deploy);
    const answers = new Set<boolean | "reverted">();
    for (let gasLimit = 40_000n; gasLimit <= 450_000n; gasLimit += 3_701n) {
      const judged = probe.verify.staticCall(KEY, DIGEST, SIGNATURE, { gasLimit });
      answers.add(await judged.catch(() => "reverted" as const));
    }
    expect(answers).to.deep.equal(new Set(["reverted", true]));
  });

  it("keeps the gas of a verification", async () => {
    const { contract, probe } = await networkHelpers.loadFixture(deploy);
    await gas.record("verify", contract.getFunction("judge").send(KEY, DIGEST, SIGNATURE));
    const [bad] = bentSignatures();
    await gas.record("verify a malformed signature", contract.getFunction("judge").send(KEY, DIGEST, bad));
    expect(await probe.verify(KEY, DIGEST, bad!)).to.equal(false);
  });
});
