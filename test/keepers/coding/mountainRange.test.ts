import { expect } from "chai";
import { concat, getBytes, hexlify, keccak256, ZeroHash } from "ethers";
import fc from "fast-check";
import { MountainRange } from "../../../keepers/coding/mountainRange.ts";

const item = (seed: number) => getBytes(keccak256(Uint8Array.of(seed & 255, seed >> 8)));
const items = (count: number) => Array.from({ length: count }, (_, index) => item(index));

/** RFC 6962, 2.1, as written: split at the largest power of two below n. */
function treeHash(leaves: readonly Uint8Array[]): string {
  if (leaves.length === 0) return ZeroHash;
  if (leaves.length === 1) return keccak256(concat(["0x00", leaves[0]!]));
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return keccak256(concat(["0x01", treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split))]));
}

function filled(count: number): MountainRange {
  const range = new MountainRange();
  for (const leaf of items(count)) range.append(leaf);
  return range;
}

describe("MountainRange", () => {
  it("has the tree hash of RFC 6962 for every count up to 70", () => {
    const range = new MountainRange();
    expect(hexlify(range.root())).to.equal(ZeroHash);
    for (let count = 1; count <= 70; count++) {
      expect(range.append(item(count - 1))).to.equal(count - 1);
      expect(range.count).to.equal(count);
      expect(hexlify(range.root())).to.equal(treeHash(items(count)));
    }
  });

  it("proves every index of every count up to 34", () => {
    for (let count = 1; count <= 34; count++) {
      const range = filled(count);
      const root = range.root();
      for (let index = 0; index < count; index++) {
        const proof = range.prove(index);
        expect(MountainRange.verify(item(index), index, count, root, proof), `${index} of ${count}`).to.equal(
          true,
        );
      }
    }
  });

  it("refuses another item, index, count, root or proof", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat({ max: 255 }), (count, pick, flip) => {
        const range = filled(count);
        const [root, index] = [range.root(), pick % count];
        const proof = range.prove(index);
        const bent = (bytes: Uint8Array) =>
          bytes.map((byte, at) => (at === flip % 32 ? byte ^ (1 << (flip % 8)) : byte));
        expect(MountainRange.verify(bent(item(index)), index, count, root, proof)).to.equal(false);
        expect(MountainRange.verify(item(index), index, count, bent(root), proof)).to.equal(false);
        expect(MountainRange.verify(item(index), (index + 1) % count, count, root, proof)).to.equal(false);
        expect(MountainRange.verify(item(index), index, count, root, proof.slice(1))).to.equal(false);
        expect(MountainRange.verify(item(index), index, count, root, [...proof, item(999)])).to.equal(false);
        for (let step = 0; step < proof.length; step++)
          expect(
            MountainRange.verify(item(index), index, count, root, proof.with(step, bent(proof[step]!))),
          ).to.equal(false);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses malformed input without throwing", () => {
    const range = filled(5);
    const [root, proof] = [range.root(), range.prove(2)];
    for (const [index, count] of [
      [5, 5],
      [-1, 5],
      [2.5, 5],
      [0, 0],
      [2, 4],
      [2, Number.NaN],
      [2, 2 ** 60],
    ] as const)
      expect(MountainRange.verify(item(2), index, count, root, proof)).to.equal(false);
    expect(MountainRange.verify(item(2).slice(1), 2, 5, root, proof)).to.equal(false);
    expect(MountainRange.verify(item(2), 2, 5, root, [proof[0]!.slice(1), ...proof.slice(1)])).to.equal(
      false,
    );
  });

  it("goes on where it was after a restore", () => {
    for (let count = 0; count <= 40; count++) {
      const restored = MountainRange.restore(filled(count).serialise());
      restored.append(item(count));
      const grown = filled(count + 1);
      expect(hexlify(restored.root())).to.equal(hexlify(grown.root()));
      expect(restored.prove(count >> 1).map(hexlify)).to.deep.equal(grown.prove(count >> 1).map(hexlify));
    }
  });

  it("throws on what was never in the range", () => {
    expect(() => filled(3).prove(3)).to.throw("no item 3");
    expect(() => new MountainRange().prove(0)).to.throw("no item 0");
    expect(() => new MountainRange().append(new Uint8Array(31))).to.throw("32 bytes");
    expect(() => MountainRange.restore(new Uint8Array(33))).to.throw("33 bytes");
  });
});
