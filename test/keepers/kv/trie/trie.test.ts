import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { NodeHasher } from "../../../../keepers/kv/trie/nodeHasher.ts";
import { Trie, type TrieChange } from "../../../../keepers/kv/trie/trie.ts";
import { MemoryNodes } from "../memoryNodes.ts";

const sha = (...parts: readonly Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const ZERO = Buffer.alloc(32);

/** The root by its definition: a leaf as high as it is alone, on levels of four bits; all above are pairs. */
function rootOf(leaves: readonly (readonly [keyHash: Buffer, hash: Buffer])[], depth = 0): Buffer {
  const child = (nibble: number): Buffer => {
    const some = leaves.filter(
      ([keyHash]) => ((keyHash[depth >> 1]! >> (depth % 2 === 0 ? 4 : 0)) & 15) === nibble,
    );
    if (some.length === 0) return ZERO;
    return some.length === 1 ? some[0]![1] : rootOf(some, depth + 1);
  };
  let level = Array.from({ length: 16 }, (_, nibble) => child(nibble));
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      sha(Buffer.of(1), level[2 * i]!, level[2 * i + 1]!),
    );
  return level[0]!;
}

const hasher = new NodeHasher();

describe("kv: trie", () => {
  /** Few first bytes, and many that share them: deep tries of few keys. */
  const keyHash = fc
    .tuple(fc.constantFrom(0x00, 0x01, 0x10, 0xff), fc.constantFrom(0x00, 0x07, 0xff), fc.nat(3), fc.nat(255))
    .map(([a, b, zeros, last]) => Buffer.concat([Buffer.of(a, b), Buffer.alloc(zeros), Buffer.of(last)], 32));
  const change: fc.Arbitrary<TrieChange> = fc.record({
    keyHash,
    hash: fc.option(
      fc.nat(255).map((n) => sha(Buffer.of(n))),
      { nil: undefined, freq: 2 },
    ),
  });
  const changes = fc.uniqueArray(change, { selector: (one) => one.keyHash.toString("hex"), maxLength: 30 });

  it("has the root that its leaves have, however they came about (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 8 }), async (rounds) => {
        const nodes = new MemoryNodes();
        const trie = new Trie(nodes, hasher, Buffer.from("t"));
        const leaves = new Map<string, readonly [Buffer, Buffer]>();
        for (const round of rounds) {
          const { root, writes } = await trie.update(round);
          nodes.write(writes);
          for (const { keyHash: at, hash } of round)
            if (hash === undefined) leaves.delete(at.toString("hex"));
            else leaves.set(at.toString("hex"), [at, hash]);
          if (round.length > 0) expect(root.equals(rootOf([...leaves.values()]))).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves nothing behind when all is taken out (property)", async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (round) => {
        const nodes = new MemoryNodes();
        const trie = new Trie(nodes, hasher, Buffer.from("t"));
        nodes.write((await trie.update(round)).writes);
        nodes.write((await trie.update(round.map((one) => ({ ...one, hash: undefined })))).writes);
        expect(nodes.size).to.be.at.most(1);
      }),
    );
  });

  it("takes thousands of leaves at once", async () => {
    const round = Array.from({ length: 5_000 }, (_, i) => {
      const at = sha(Buffer.from(String(i)));
      return { keyHash: at, hash: sha(at) };
    });
    const { root } = await new Trie(new MemoryNodes(), hasher, Buffer.from("t")).update(round);
    expect(root.equals(rootOf(round.map(({ keyHash: at, hash }) => [at, hash] as const)))).to.equal(true);
  });

  it("says when a node of it is lost", async () => {
    const nodes = new MemoryNodes();
    const trie = new Trie(nodes, hasher, Buffer.from("t"));
    const at = (last: number) => Buffer.concat([Buffer.alloc(31), Buffer.of(last)]);
    const round = [1, 2].map((last) => ({ keyHash: at(last), hash: sha(at(last)) }));
    nodes.write((await trie.update(round)).writes);
    nodes.write([{ key: trie.keyOf(at(1), 1), value: undefined }]);
    const error = await trie.update([{ keyHash: at(3), hash: ZERO }]).catch((reason: unknown) => reason);
    expect((error as { code?: string }).code).to.equal("kv/broken-state");
  });
});
