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
function fold(even: number, proof: readonly Uint8Array[]): string {
  const both = join(leaf(values[even]!), leaf(values[even + 1]!));
  return proof.reduce((below, hash, level) => {
    const sibling = hexlify(hash);
    return (even >> (level + 1)) & 1 ? join(sibling, below) : join(below, sibling);
  }, both);
}

describe("storage: the tree over a node's samples", () => {
  const tree = new SampleTree(values);

  it("has the root of the mountain range over its values", () => {
    const range = new MountainRange();
    for (const value of values) range.append(value);
    expect(hexlify(tree.root())).to.equal(hexlify(range.root()));
  });

  it("proves any two neighbours together, and no other value", () => {
    fc.assert(
      fc.property(fc.nat({ max: SAMPLES / 2 - 1 }), (pair) => {
        const proof = tree.provePair(2 * pair);
        expect(proof).to.have.length(9);
        expect(fold(2 * pair, proof)).to.equal(hexlify(tree.root()));
        const bent = proof.map((hash, i) => (i === 0 ? Uint8Array.from(hash, (byte) => byte ^ 1) : hash));
        expect(fold(2 * pair, bent)).to.not.equal(hexlify(tree.root()));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a wrong number of values, or values of another length", () => {
    for (const wrong of [values.slice(1), [...values.slice(1), new Uint8Array(31)]])
      expect(() => new SampleTree(wrong)).to.throw("1024 values of 32 bytes");
  });
});
