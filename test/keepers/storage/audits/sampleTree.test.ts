import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { concat, hexlify, keccak256 } from "ethers";
import fc from "fast-check";
import { MountainRange } from "../../../../keepers/coding/mountainRange.ts";
import { SAMPLES } from "../../../../keepers/storage/audits/samples.ts";
import { SampleTree } from "../../../../keepers/storage/audits/sampleTree.ts";

const values = Array.from({ length: SAMPLES }, () => new Uint8Array(randomBytes(32)));
const leaf = (value: Uint8Array) => keccak256(concat(["0x00", value]));
const join = (left: string, right: string) => keccak256(concat(["0x01", left, right]));

/** The root that a pair of values and their siblings lead to, folded as the interface of the audits says. */
function fold(a: number, b: number, proof: readonly Uint8Array[]): string {
  const siblings = proof.map((hash) => hexlify(hash));
  const apart = Math.floor(Math.log2(a ^ b));
  const climb = (hash: string, position: number, path: string[]) =>
    path.reduce(
      (below, sibling, level) => ((position >> level) & 1 ? join(sibling, below) : join(below, sibling)),
      hash,
    );
  const left = climb(leaf(values[a]!), a, siblings.slice(0, apart));
  const right = climb(leaf(values[b]!), b, siblings.slice(apart, 2 * apart));
  return climb(join(left, right), a >> (apart + 1), siblings.slice(2 * apart));
}

describe("storage: the tree over a node's samples", () => {
  const tree = new SampleTree(values);

  it("has the root of the mountain range over its values", () => {
    const range = new MountainRange();
    for (const value of values) range.append(value);
    expect(hexlify(tree.root())).to.equal(hexlify(range.root()));
  });

  it("proves any two samples together, and no other value", () => {
    const number = fc.nat({ max: SAMPLES - 1 });
    fc.assert(
      fc.property(number, number, (x, y) => {
        fc.pre(x !== y);
        const [a, b] = [Math.min(x, y), Math.max(x, y)];
        const proof = tree.provePair(a, b);
        expect(fold(a, b, proof)).to.equal(hexlify(tree.root()));
        const bent = proof.map((hash, i) => (i === 0 ? Uint8Array.from(hash, (byte) => byte ^ 1) : hash));
        expect(fold(a, b, bent)).to.not.equal(hexlify(tree.root()));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a wrong number of values, or values of another length", () => {
    for (const wrong of [values.slice(1), [...values.slice(1), new Uint8Array(31)]])
      expect(() => new SampleTree(wrong)).to.throw("1024 values of 32 bytes");
  });
});
