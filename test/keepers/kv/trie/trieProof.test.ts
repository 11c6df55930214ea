import { expect } from "chai";
import fc from "fast-check";
import { NodeHasher } from "../../../../keepers/kv/trie/nodeHasher.ts";
import { Trie } from "../../../../keepers/kv/trie/trie.ts";
import { contentProven, type TrieProof } from "../../../../keepers/kv/trie/trieProof.ts";
import { codeOf } from "../../storage/codes.ts";
import { MemoryNodes } from "../memoryNodes.ts";
import { changes, keyHash, leafAt, sha, together } from "./leaves.ts";

const hasher = new NodeHasher();

describe("kv: proof in a trie", () => {
  it("shows what stands at a place, and that nothing does (property)", async () => {
    await fc.assert(
      fc.asyncProperty(changes, keyHash, async (round, other) => {
        const nodes = new MemoryNodes();
        const trie = new Trie(nodes, hasher, Buffer.from("t"));
        const { root, writes } = await trie.update(together(round));
        nodes.write(writes);
        for (const place of [...round.map((one) => one.keyHash), other]) {
          const leaf = round.find((one) => one.keyHash.equals(place))?.leaf;
          expect(contentProven(root, place, await trie.prove(place))).to.deep.equal(leaf?.content);
        }
      }),
    );
  });

  it("is refused when any bit of it, the root or the place is changed, or shows the same (property)", async () => {
    await fc.assert(
      fc.asyncProperty(changes, keyHash, fc.nat(), fc.nat(255), async (round, place, part, bit) => {
        const nodes = new MemoryNodes();
        const trie = new Trie(nodes, hasher, Buffer.from("t"));
        const { root, writes } = await trie.update(together(round));
        nodes.write(writes);
        const proof = await trie.prove(place);
        const shown = contentProven(root, place, proof);
        const at = part % (proof.siblings.length + 1);
        const changed: TrieProof =
          at < proof.siblings.length
            ? { ...proof, siblings: proof.siblings.with(at, flipped(proof.siblings[at]!, bit)) }
            : { ...proof, leaf: proof.leaf && { ...proof.leaf, content: flipped(proof.leaf.content, bit) } };
        if (at < proof.siblings.length || proof.leaf !== undefined)
          expect(codeOf(() => contentProven(root, place, changed))).to.equal("kv/bad-proof");
        expect(codeOf(() => contentProven(flipped(root, bit), place, proof))).to.equal("kv/bad-proof");
        expect(shown).to.deep.equal(round.find((one) => one.keyHash.equals(place))?.leaf?.content);
      }),
    );
  });

  it("shows no absence where something stands, and no leaf elsewhere", async () => {
    const nodes = new MemoryNodes();
    const trie = new Trie(nodes, hasher, Buffer.from("t"));
    const [one, two] = [sha(Buffer.of(1)), sha(Buffer.of(2))];
    const { root, writes } = await trie.update(
      together([one, two].map((place) => ({ keyHash: place, leaf: leafAt(place, place) }))),
    );
    nodes.write(writes);
    const proof = await trie.prove(one);
    const other = await trie.prove(two);
    const refused: readonly TrieProof[] = [
      { ...proof, leaf: undefined },
      { ...proof, leaf: { keyHash: two, content: two } },
      { siblings: [], leaf: proof.leaf },
      { siblings: proof.siblings.slice(1), leaf: proof.leaf },
      { siblings: proof.siblings.slice(4), leaf: undefined },
      { siblings: Array.from({ length: 260 }, () => one), leaf: undefined },
      { ...proof, siblings: proof.siblings.with(0, Buffer.alloc(31)) },
      other,
    ];
    for (const wrong of refused)
      expect(codeOf(() => contentProven(root, one, wrong))).to.equal("kv/bad-proof");
  });
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
