import { hashBytes, hashLeaf, hashNode } from "../../coding/merkle.ts";
import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, concatBytes, sameBytes, zeros } from "../../runtime/platform/bytes.ts";

/** What stands at a place of a trie. */
export interface TrieProof {
  /** Beside the way from there up to the root, bottom to top: one for each bit, four a level. */
  readonly siblings: readonly Bytes[];
  /** The leaf where the way ends; another's, or none, where nothing stands at the place itself. */
  readonly leaf: { readonly keyHash: Bytes; readonly content: Bytes } | undefined;
}

const NOTHING = zeros(hashBytes);
const BITS_PER_LEVEL = 4;
const MOST_BITS = 8 * hashBytes;

/** SHA-256(0x00 || keyHash || content). */
export function hashOfLeaf(keyHash: Uint8Array, content: Uint8Array): Bytes {
  return hashLeaf(concatBytes([keyHash, content]));
}

/**
 * The content at a place of the trie with this root; undefined when the proof shows that there is none.
 * @throws FatalError kv/bad-proof when it shows nothing
 */
export function contentProven(root: Uint8Array, keyHash: Uint8Array, proof: TrieProof): Bytes | undefined {
  const { siblings, leaf } = proof;
  const bits = siblings.length;
  if (bits === 0 || bits % BITS_PER_LEVEL !== 0 || bits > MOST_BITS) throw bad(`it has ${bits} siblings`);
  const parts = leaf === undefined ? siblings : [...siblings, leaf.keyHash, leaf.content];
  if (parts.some(({ length }) => length !== hashBytes)) throw bad("a part of it is no hash");
  if (leaf !== undefined && !agree(leaf.keyHash, keyHash, bits)) throw bad("its leaf stands elsewhere");
  let hash: Uint8Array = leaf === undefined ? NOTHING : hashOfLeaf(leaf.keyHash, leaf.content);
  for (const [i, sibling] of siblings.entries())
    hash = bitAt(keyHash, bits - 1 - i) === 1 ? hashNode(sibling, hash) : hashNode(hash, sibling);
  if (!sameBytes(hash, root)) throw bad("it leads to another root");
  return leaf !== undefined && sameBytes(leaf.keyHash, keyHash) ? leaf.content : undefined;
}

function agree(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let bit = 0; bit < bits; bit++) if (bitAt(a, bit) !== bitAt(b, bit)) return false;
  return true;
}

function bitAt(bytes: Uint8Array, bit: number): number {
  return (bytes[bit >> 3]! >> (7 - (bit & 7))) & 1;
}

function bad(reason: string): FatalError {
  return new FatalError("kv/bad-proof", `not a proof of a value: ${reason}`, { reason });
}
