import { type OpenKernel, openKernel, prepareSha, shaBytes } from "../../coding/kernel.ts";
import { CHILDREN, HASH_BYTES, TrieNode } from "./trieNode.ts";

/** Nodes that are hashed together at most; a multiple of the kernel's four lanes. */
const AT_ONCE = 256;
const LANES = 4;
const NODE_BYTES = CHILDREN * HASH_BYTES;
const childrenAt = shaBytes;
/** Behind the children come the three levels over them, and the nodes' own hashes. */
const size = childrenAt + 2 * AT_ONCE * NODE_BYTES;

/**
 * Hashes nodes as binary trees of height four over their children: SHA-256(0x01 || left || right), a child that is not there
 * being 32 zero bytes.
 */
export class NodeHasher {
  readonly #open: OpenKernel = openKernel(size);

  constructor() {
    prepareSha(this.#open, childrenAt, 0);
  }

  /** The root of a trie without leaves. */
  emptyRoot(): Buffer {
    const at = this.#hash([{ node: new TrieNode() }]);
    return Buffer.from(this.#open.bytes.subarray(at, at + HASH_BYTES));
  }

  /** Hands out each node's hash, in their order: it lies at `at` of `bytes` during the call. */
  hash<T extends { readonly node: TrieNode }>(
    some: readonly T[],
    take: (one: T, bytes: Buffer, at: number) => void,
  ): void {
    for (let from = 0; from < some.length; from += AT_ONCE) {
      const now = some.slice(from, from + AT_ONCE);
      const hashes = this.#hash(now);
      for (const [i, one] of now.entries()) take(one, this.#open.bytes, hashes + i * HASH_BYTES);
    }
  }

  /** @returns where the hashes lie, end to end */
  #hash(some: readonly { readonly node: TrieNode }[]): number {
    const { kernel, bytes } = this.#open;
    const count = Math.ceil(some.length / LANES) * LANES;
    bytes.fill(0, childrenAt, childrenAt + some.length * NODE_BYTES);
    for (const [i, { node }] of some.entries()) node.copyHashes(bytes, childrenAt + i * NODE_BYTES);
    let level = childrenAt;
    for (let width = (count * CHILDREN) / 2; width >= count; width /= 2) {
      const parents = level + 2 * width * HASH_BYTES;
      kernel.hashNodes(level, parents, width, 0);
      level = parents;
    }
    return level;
  }
}
