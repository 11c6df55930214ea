import { hashNode } from "../../coding/merkle.ts";
import { CHILDREN, HASH_BYTES, type TrieNode } from "./trieNode.ts";

/** The four siblings of a child within its node, bottom to top. */
export function siblingsIn(node: TrieNode, nibble: number): Buffer[] {
  const siblings: Buffer[] = [];
  const hashes = Buffer.alloc(CHILDREN * HASH_BYTES);
  node.copyHashes(hashes, 0);
  let level: Uint8Array[] = Array.from({ length: CHILDREN }, (_, i) =>
    hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
  for (let place = nibble; level.length > 1; place >>= 1) {
    siblings.push(Buffer.from(level[place ^ 1]!));
    level = Array.from({ length: level.length / 2 }, (_, i) => hashNode(level[2 * i]!, level[2 * i + 1]!));
  }
  return siblings;
}
