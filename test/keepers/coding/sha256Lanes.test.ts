import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { openKernel, prepareSha, shaBytes } from "../../../keepers/coding/kernel.ts";
import { merklePath, merkleTree, nodeOf, verifyPath } from "../../../keepers/coding/merkle.ts";
import { bent, noise } from "./codecSupport.ts";

const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest("hex");
const hexAt = (bytes: Buffer, at: number) => bytes.toString("hex", at, at + 32);

describe("SHA-256 in four lanes", () => {
  const open = openKernel(2 ** 18);
  const { bytes, kernel } = open;
  const [input, output] = [64 * 1024, 128 * 1024];
  before(() => prepareSha(open, shaBytes, 0));

  const counts = fc.integer({ min: 1, max: 40 }).map((fours) => 4 * fours);

  it("hashes 16-byte leaves like node:crypto", () => {
    fc.assert(
      fc.property(counts, fc.integer(), (count, seed) => {
        bytes.set(noise(16 * count + 1, seed), input - 1);
        kernel.hashLeaves(input, output, count, 0);
        for (let i = 0; i < count; i++)
          expect(hexAt(bytes, output + 32 * i)).to.equal(
            sha256(Uint8Array.of(0), bytes.subarray(input + 16 * i, input + 16 * i + 16)),
          );
      }),
    );
  });

  it("hashes nodes like node:crypto", () => {
    fc.assert(
      fc.property(counts, fc.integer(), (count, seed) => {
        bytes.set(noise(64 * count + 1, seed), input - 1);
        kernel.hashNodes(input, output, count, 0);
        for (let i = 0; i < count; i++)
          expect(hexAt(bytes, output + 32 * i)).to.equal(
            sha256(Uint8Array.of(1), bytes.subarray(input + 64 * i, input + 64 * i + 64)),
          );
      }),
    );
  });

  it("hashes pairs that lie anywhere like node:crypto", () => {
    fc.assert(
      fc.property(counts, fc.integer(), (count, seed) => {
        bytes.set(noise(64 * count + 1, seed), input - 1);
        const pairs = input + 2 ** 15;
        // Back to front, and the parents with gaps.
        for (let i = 0; i < count; i++) {
          bytes.writeUInt32LE(input + 64 * (count - 1 - i), pairs + 8 * i);
          bytes.writeUInt32LE(output + 64 * i, pairs + 8 * i + 4);
        }
        kernel.hashPairs(pairs, count, output + 2 ** 15, 0);
        for (let i = 0; i < count; i++) {
          const at = input + 64 * (count - 1 - i);
          expect(hexAt(bytes, output + 64 * i)).to.equal(
            sha256(Uint8Array.of(1), bytes.subarray(at, at + 64)),
          );
        }
      }),
    );
  });

  it("hashes padded messages like node:crypto", () => {
    const lengths = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(counts, lengths, fc.nat(63), fc.integer(), (count, blocks, spare, seed) => {
        const length = 64 * blocks - 9 - Math.min(spare, 54);
        for (let i = 0; i < count; i++) {
          const padded = Buffer.alloc(64 * blocks);
          padded.set(noise(length, seed + i));
          padded[length] = 0x80;
          padded.writeUInt32BE(8 * length, padded.length - 4);
          bytes.set(padded, input + padded.length * i);
        }
        kernel.hashBlocks(input, blocks, output, count, 0);
        for (let i = 0; i < count; i++)
          expect(hexAt(bytes, output + 32 * i)).to.equal(sha256(noise(length, seed + i)));
      }),
    );
  });

  it("hashes counters like node:crypto", () => {
    fc.assert(
      fc.property(counts, fc.integer(), fc.nat({ max: 2 ** 31 - 1 }), (count, seed, from) => {
        bytes.set(noise(32, seed), input);
        kernel.hashCounters(input, from, output, count, 0);
        for (let i = 0; i < count; i++) {
          const counter = Buffer.alloc(4);
          counter.writeUInt32LE(from + i);
          expect(hexAt(bytes, output + 32 * i)).to.equal(sha256(noise(32, seed), counter));
        }
      }),
    );
  });
});

describe("Merkle tree", () => {
  const leaf = (index: number) => noise(1 + (index % 70), index);

  it("has the hashes of RFC 6962, and its paths lead to the root", () => {
    for (const count of [1, 2, 4, 8, 32]) {
      const leaves = Array.from({ length: count }, (_, index) => leaf(index));
      const heap = merkleTree(leaves);
      let level = leaves.map((data) => sha256(Uint8Array.of(0), data));
      while (level.length > 1)
        level = level.flatMap((left, index) =>
          index % 2 === 0 ? [sha256(Uint8Array.of(1), Buffer.from(left + level[index + 1], "hex"))] : [],
        );
      expect(Buffer.from(nodeOf(heap, 1)).toString("hex")).to.equal(level[0]);
      leaves.forEach((data, index) => {
        expect(verifyPath(data, index, count, nodeOf(heap, 1), merklePath(heap, index))).to.equal(true);
      });
    }
  });

  it("refuses another leaf, index, count, root or path", () => {
    const leaves = Array.from({ length: 8 }, (_, index) => leaf(index));
    const heap = merkleTree(leaves);
    const [root, path] = [nodeOf(heap, 1), merklePath(heap, 5)];
    expect(verifyPath(leaves[5]!, 5, 8, root, path)).to.equal(true);
    expect(verifyPath(leaves[4]!, 5, 8, root, path)).to.equal(false);
    for (const index of [4, 1, -3, 13, 5.5])
      expect(verifyPath(leaves[5]!, index, 8, root, path)).to.equal(false);
    expect(verifyPath(leaves[5]!, 5, 16, root, path)).to.equal(false);
    expect(verifyPath(leaves[5]!, 5, 8, bent(root, 31), path)).to.equal(false);
    for (let at = 0; at < path.length; at++)
      expect(verifyPath(leaves[5]!, 5, 8, root, bent(path, at))).to.equal(false);
  });

  it("refuses a number of leaves that is no power of two", () => {
    for (const count of [0, 3, 6])
      expect(() => merkleTree(Array.from({ length: count }, () => leaf(1)))).to.throw("power of two");
  });
});
