import { type OpenKernel, openKernel, prepareSha, shaBytes } from "../../coding/kernel.ts";
import { MessageHasher } from "../../coding/messageHasher.ts";
import { CHILDREN, HASH_BYTES, type TrieNode } from "./trieNode.ts";

/** Nodes that are hashed together at most. */
const AT_ONCE = 256;
const LANES = 4;
const PAIR_BYTES = 2 * HASH_BYTES;
/** What a node takes: its children's hashes, the three levels over them, its own hash, and 32 bytes that nobody uses. */
const HEAP_BYTES = 2 * CHILDREN * HASH_BYTES;
const CHILDREN_BYTES = CHILDREN * HASH_BYTES;
const OWN_AT = HEAP_BYTES - 2 * HASH_BYTES;
/** Pairs of a node on its levels, bottom to top, each level's where the pairs of a heap begin. */
const LEVELS = [8, 4, 2, 1];

const spareAt = shaBytes;
const pairsAt = spareAt + LANES * HASH_BYTES;
/** A pair's two addresses, and room to fill up the last four. */
const levelBytes = 8 * ((AT_ONCE * CHILDREN) / 2 + LANES);
const heapsAt = pairsAt + LEVELS.length * levelBytes;
const size = heapsAt + AT_ONCE * HEAP_BYTES;

/**
 * Hashes nodes as binary trees of height four over their children: SHA-256(0x01 || left || right), a child that is not there
 * being 32 zero bytes. What lies over no child is the same everywhere, and found once.
 */
export class NodeHasher {
  /** Hashes what leaves are made of. */
  readonly messages = new MessageHasher();
  readonly #open: OpenKernel = openKernel(size);
  readonly #pairs: readonly Uint32Array[];
  readonly #counts = LEVELS.map(() => 0);
  /** A node without children, and all hashes over them. */
  readonly #empty = Buffer.alloc(HEAP_BYTES);

  constructor() {
    const { bytes } = this.#open;
    prepareSha(this.#open, heapsAt, 0);
    this.#pairs = LEVELS.map(
      (_, level) => new Uint32Array(bytes.buffer, pairsAt + level * levelBytes, levelBytes / 4),
    );
    bytes.fill(0, heapsAt);
    this.#list(heapsAt, 2 ** CHILDREN - 1);
    this.#hashPairs();
    bytes.copy(this.#empty, 0, heapsAt, heapsAt + HEAP_BYTES);
  }

  /** The root of a trie without leaves. */
  emptyRoot(): Buffer {
    return Buffer.from(this.#empty.subarray(OWN_AT, OWN_AT + HASH_BYTES));
  }

  /** Hands out each node's hash, in their order: it lies at `at` of `bytes` during the call. */
  hash<T extends { readonly node: TrieNode }>(
    some: readonly T[],
    take: (one: T, bytes: Buffer, at: number) => void,
  ): void {
    const { bytes } = this.#open;
    for (let from = 0; from < some.length; from += AT_ONCE) {
      const to = Math.min(from + AT_ONCE, some.length);
      for (let i = from; i < to; i++) this.#fill(heapsAt + (i - from) * HEAP_BYTES, some[i]!.node);
      this.#hashPairs();
      for (let i = from; i < to; i++) take(some[i]!, bytes, heapsAt + (i - from) * HEAP_BYTES + OWN_AT);
    }
  }

  #fill(heap: number, node: TrieNode): void {
    this.#open.bytes.set(this.#empty, heap);
    node.copyHashes(this.#open.bytes, heap);
    this.#list(heap, node.children);
  }

  /** Lists the pairs of a node that have a child below them. */
  #list(heap: number, children: number): void {
    let [mask, at] = [children, 0];
    for (let level = 0; level < LEVELS.length; level++) {
      const pairs = this.#pairs[level]!;
      let count = this.#counts[level]!;
      let above = 0;
      for (let pair = 0; pair < LEVELS[level]!; pair++, at += PAIR_BYTES) {
        if (((mask >> (2 * pair)) & 3) === 0) continue;
        above |= 1 << pair;
        pairs[2 * count] = heap + at;
        pairs[2 * count + 1] = heap + CHILDREN_BYTES + at / 2;
        count++;
      }
      this.#counts[level] = count;
      mask = above;
    }
  }

  #hashPairs(): void {
    for (const [level, pairs] of this.#pairs.entries()) {
      let count = this.#counts[level]!;
      // The last four are filled up with the last one.
      for (; count % LANES !== 0; count++) pairs.copyWithin(2 * count, 2 * count - 2, 2 * count);
      this.#open.kernel.hashPairs(pairsAt + level * levelBytes, count, spareAt, 0);
      this.#counts[level] = 0;
    }
  }
}
