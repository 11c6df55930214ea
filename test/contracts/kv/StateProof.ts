import { expect } from "chai";
import { hexlify, sha256, toBeHex, ZeroHash } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  type Absent,
  climb,
  flipped,
  flippedPlace,
  type Holds,
  hashOf,
  leafOf,
  NO_LEAF,
  OWNER,
  ProvingStream,
  placeOf,
} from "./stateProofs.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "StateProof");
const LONG_KEY = Buffer.alloc(1_024, 7);
/** Values of every size around a word's, and one that is large for a contract. */
const values = [0, 1, 31, 32, 33, 4_096].map((size) => Buffer.alloc(size, 0xee));

const deploy = async () => ethers.deployContract("StateProofProbe");
const keyOf = (i: number) => Buffer.from(`key/${i}`);

describe("StateProof", () => {
  let stream: ProvingStream;
  beforeEach(async () => {
    stream = await ProvingStream.open();
  });
  afterEach(async () => stream.close());

  async function ask() {
    const probe = await networkHelpers.loadFixture(deploy);
    return {
      probe,
      holds: (args: Holds): Promise<boolean> => probe.getFunction("holds")(...args),
      isAbsent: (args: Absent): Promise<boolean> => probe.getFunction("isAbsent")(...args),
    };
  }

  it("shows what each key holds, and since when (KV-18)", async () => {
    const { holds } = await ask();
    const keys = [...values.keys()].map(keyOf);
    await stream.write([{ key: LONG_KEY, value: Buffer.of(1) }]);
    expect(await holds(await stream.holds(LONG_KEY))).to.equal(true);
    await stream.write(keys.map((key, i) => ({ key, value: values[i] })));
    await stream.write([{ key: keys[1]!, value: Buffer.of(9) }]);
    for (const key of [...keys, LONG_KEY]) expect(await holds(await stream.holds(key))).to.equal(true);
    const [, , version, value] = await stream.holds(keys[1]!);
    expect([version, value]).to.deep.equal([3n, "0x09"]);
  });

  it("shows that a key holds nothing, at no child and at another's leaf (KV-19)", async () => {
    const { isAbsent } = await ask();
    expect(await isAbsent(await stream.absent(keyOf(0)))).to.equal(true);
    await stream.write([0, 1, 2].map((i) => ({ key: keyOf(i), value: Buffer.of(i) })));
    await stream.write([{ key: keyOf(1), value: undefined }]);
    const ends = new Set<boolean>();
    for (const i of [1, ...Array.from({ length: 60 }, (_, n) => 3 + n)]) {
      const proof = await stream.absent(keyOf(i));
      expect(await isAbsent(proof)).to.equal(true);
      ends.add(proof[2] === NO_LEAF);
    }
    expect(ends).to.deep.equal(new Set([true, false]));
  });

  it("shows nothing of rights (KV-19)", async () => {
    const { holds, isAbsent } = await ask();
    const account = Buffer.alloc(20, 0xbb);
    await stream.write([], [{ kind: "grantWriter", account }]);
    const right = Buffer.concat([Buffer.from("w"), account]);
    const proof = await stream.absent(right);
    expect(await isAbsent(proof)).to.equal(true);
    const [root, , , siblings] = proof;
    for (const value of ["0x01", "0x00", "0x"])
      expect(await holds([root, hexlify(right), 1n, value, siblings])).to.equal(false);
    expect(await isAbsent(await stream.absent(Buffer.concat([Buffer.from("a"), OWNER])))).to.equal(true);
  });

  it("refuses what was altered in any part (KV-20, property)", async () => {
    const { holds, isAbsent } = await ask();
    await stream.write(Array.from({ length: 40 }, (_, i) => ({ key: keyOf(i), value: Buffer.of(i) })));
    await fc.assert(
      fc.asyncProperty(fc.nat(39), fc.nat(), fc.nat(255), async (i, part, bit) => {
        const [root, key, version, value, siblings] = await stream.holds(keyOf(i));
        const at = part % siblings.length;
        const bent = siblings.with(at, flipped(siblings[at]!, bit));
        const lies: Holds[] = [
          [flipped(root, bit), key, version, value, siblings],
          [root, flipped(key, bit), version, value, siblings],
          [root, key, version ^ (1n << BigInt(bit % 64)), value, siblings],
          [root, key, version, flipped(value, bit), siblings],
          [root, key, version, `${value}00`, siblings],
          [root, key, version, value, bent],
        ];
        for (const lie of lies) expect(await holds(lie)).to.equal(false);
        const [, missing, other, way] = await stream.absent(keyOf(40 + i));
        const along = part % way.length;
        const untruths: Absent[] = [
          [flipped(root, bit), missing, other, way],
          [root, missing, other, way.with(along, flipped(way[along]!, bit))],
          [root, missing, { ...other, content: flipped(other.content, bit) }, way],
          [root, missing, { ...other, keyHash: flipped(other.keyHash, bit) }, way],
        ];
        for (const untruth of untruths) expect(await isAbsent(untruth)).to.equal(false);
      }),
      { numRuns: 40 },
    );
  });

  it("shows no absence of what is there, and no value of what isn't (KV-21)", async () => {
    const { holds, isAbsent } = await ask();
    await stream.write([0, 1, 2, 3].map((i) => ({ key: keyOf(i), value: Buffer.of(i) })));
    for (const i of [0, 1, 2, 3]) {
      const [root, key, version, , siblings] = await stream.holds(keyOf(i));
      const own = leafOf((await stream.prove(keyOf(i))).proof);
      const another = leafOf((await stream.prove(keyOf((i + 1) % 4))).proof);
      const [, , , , elsewhere] = await stream.holds(keyOf((i + 1) % 4));
      expect(own.keyHash).to.equal(placeOf(key));
      for (const other of [NO_LEAF, own, another, { ...own, keyHash: another.keyHash }])
        for (const way of [siblings, elsewhere, siblings.slice(4), [...siblings, ...siblings]])
          expect(await isAbsent([root, key, other, way])).to.equal(false);
      const [, missing, , way] = await stream.absent(keyOf(10 + i));
      for (const some of [way, siblings, elsewhere])
        expect(await holds([root, missing, version, hexlify(Buffer.of(i)), some])).to.equal(false);
    }
  });

  it("takes a way of whole levels alone (KV-22)", async () => {
    const { holds, isAbsent } = await ask();
    await stream.write([{ key: keyOf(0), value: Buffer.of(1) }]);
    const [root, key, version, value, siblings] = await stream.holds(keyOf(0));
    const shapes = [[], siblings.slice(1), siblings.slice(0, 3), [...siblings, ZeroHash]];
    for (const way of [...shapes, Array<string>(260).fill(ZeroHash), Array<string>(512).fill(ZeroHash)]) {
      expect(await holds([root, key, version, value, way])).to.equal(false);
      expect(await isAbsent([root, hexlify(keyOf(1)), NO_LEAF, way])).to.equal(false);
    }
    const leaf = hashOf(leafOf((await stream.prove(keyOf(0))).proof));
    // Were no siblings a way, a leaf would be a root, and so would nothing.
    expect(await holds([leaf, key, version, value, []])).to.equal(false);
    expect(await isAbsent([ZeroHash, key, NO_LEAF, []])).to.equal(false);
    expect(await holds([root, key, version, value, siblings])).to.equal(true);
  });

  it("takes any number of whole levels up to 64, and a leaf where it belongs (KV-22)", async () => {
    const { holds, isAbsent } = await ask();
    const [key, value] = ["0x6b", "0x76"];
    const place = placeOf(key);
    const content = sha256(`0x${"1".padStart(16, "0")}${value.slice(2)}`);
    // Roots of no state that a stream can have: only a check of the way's own form refuses some of them.
    for (const length of [1, 2, 3, 4, 5, 8, 10, 128, 252, 256]) {
      const way = Array.from({ length }, (_, i) => sha256(toBeHex(i, 2)));
      const [full, empty] = [hashOf({ keyHash: place, content }), ZeroHash].map((end) =>
        climb(end, place, way),
      );
      const isWay = length % 4 === 0;
      expect(await holds([full!, key, 1n, value, way])).to.equal(isWay);
      expect(await isAbsent([empty!, key, NO_LEAF, way])).to.equal(isWay);
      expect(await isAbsent([full!, key, NO_LEAF, way])).to.equal(false);
      for (const bit of [0, length - 1, length, 255].filter((one) => one < 256)) {
        const other = { keyHash: flippedPlace(place, bit), content };
        const beside: Absent = [climb(hashOf(other), place, way), key, other, way];
        expect(await isAbsent(beside)).to.equal(isWay && bit >= length);
      }
    }
  });

  it("says what it costs", async () => {
    const { probe } = await ask();
    await stream.write([{ key: keyOf(0), value: Buffer.alloc(32, 1) }]);
    await gas.record("hold, 1 level", probe.getFunction("holds").send(...(await stream.holds(keyOf(0)))));
    for (let i = 0; i < 3; i++)
      await stream.write(
        Array.from({ length: 1_000 }, (_, n) => ({ key: keyOf(1_000 * i + n), value: Buffer.alloc(32, i) })),
      );
    const deep = await findDeep(
      async (i) => stream.holds(keyOf(i)),
      (proof) => proof[4].length === 16,
    );
    await gas.record("hold, 4 levels", probe.getFunction("holds").send(...deep));
    const apart = await findDeep(
      async (i) => stream.absent(keyOf(5_000 + i)),
      (proof) => proof[3].length === 12,
    );
    await gas.record("be absent, 3 levels", probe.getFunction("isAbsent").send(...apart));
  });
});

async function findDeep<Proof>(
  prove: (i: number) => Promise<Proof>,
  isDeep: (proof: Proof) => boolean,
): Promise<Proof> {
  for (let i = 0; i < 3_000; i++) {
    const proof = await prove(i);
    if (isDeep(proof)) return proof;
  }
  throw new Error("no proof is that deep");
}
