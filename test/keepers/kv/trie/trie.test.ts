import { expect } from "chai";
import fc from "fast-check";
import { NodeHasher } from "../../../../keepers/kv/trie/nodeHasher.ts";
import { Trie } from "../../../../keepers/kv/trie/trie.ts";
import { MemoryNodes } from "../memoryNodes.ts";
import { changes, type Leaf, leafAt, rootOf, sha, together, ZERO } from "./leaves.ts";

const hasher = new NodeHasher();
const newTrie = (nodes: MemoryNodes) => new Trie(nodes, hasher, Buffer.from("t"));

describe("kv: trie", () => {
  it("has the root that its leaves have, however they came about (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 8 }), async (rounds) => {
        const nodes = new MemoryNodes();
        const trie = newTrie(nodes);
        const leaves = new Map<string, Leaf>();
        for (const round of rounds) {
          const { root, writes } = await trie.update(together(round));
          nodes.write(writes);
          for (const { keyHash, leaf } of round)
            if (leaf === undefined) leaves.delete(keyHash.toString("hex"));
            else leaves.set(keyHash.toString("hex"), leaf);
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
        const trie = newTrie(nodes);
        nodes.write((await trie.update(together(round))).writes);
        nodes.write((await trie.update(together(round.map((one) => ({ ...one, leaf: undefined }))))).writes);
        expect(nodes.size).to.be.at.most(1);
      }),
    );
  });

  it("takes thousands of leaves at once", async () => {
    const leaves = Array.from({ length: 5_000 }, (_, i) => leafAt(sha(Buffer.from(String(i))), ZERO));
    const { root } = await newTrie(new MemoryNodes()).update(
      together(leaves.map((leaf) => ({ keyHash: leaf.keyHash, leaf }))),
    );
    expect(root.equals(rootOf(leaves))).to.equal(true);
  });

  it("says when a node of it is lost", async () => {
    const nodes = new MemoryNodes();
    const trie = newTrie(nodes);
    const at = (last: number) => Buffer.concat([Buffer.alloc(31), Buffer.of(last)]);
    const change = (last: number) => ({ keyHash: at(last), leaf: leafAt(at(last), ZERO) });
    nodes.write((await trie.update(together([change(1), change(2)]))).writes);
    nodes.write([{ key: trie.keyOf(at(1), 1), value: undefined }]);
    for (const run of [() => trie.update(together([change(3)])), () => trie.prove(at(1))]) {
      const error = await run().catch((reason: unknown) => reason);
      expect((error as { code?: string }).code).to.equal("kv/broken-state");
    }
  });
});
