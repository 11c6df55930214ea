import { sameBytes } from "../runtime/platform/bytes.ts";
import { RowRefusedError } from "./errors.ts";
import { hashBytes, hashNode } from "./merkle.ts";

/** Levels from the root down that are remembered: 64 KiB of hashes. */
const rememberedNodes = 2 ** 11;

/**
 * Checks Merkle paths of one tree. The first path shows the root, which the owner accepts or not; from then on the top
 * of the tree is remembered, so that a path costs hashes only up to the first node that is already known.
 */
export class PathChecker {
  readonly #leaves: number;
  readonly #acceptsRoot: (root: Uint8Array) => boolean;
  /** Nodes 1 ... in heap order; a known node's sibling and ancestors are known. */
  readonly #nodes: Uint8Array;
  readonly #known: Uint8Array;

  constructor(leaves: number, acceptsRoot: (root: Uint8Array) => boolean) {
    const nodes = Math.min(rememberedNodes, 2 * leaves);
    this.#leaves = leaves;
    this.#acceptsRoot = acceptsRoot;
    this.#nodes = new Uint8Array(nodes * hashBytes);
    this.#known = new Uint8Array(nodes);
  }

  /**
   * Returns the root.
   * @param index of the first row under the node
   * @param count of rows under the node: a power of two that divides `index`; 1 for a leaf
   * @param hash of the node
   * @param path a hash for each level above the node
   * @throws RowRefusedError `row-path`, or `commitment` when the root is the first and not accepted
   */
  check(index: number, count: number, hash: Uint8Array, path: Uint8Array): Uint8Array {
    const climbed: Uint8Array[] = [hash];
    const start = (this.#leaves + index) / count;
    let node = start;
    let at = 0;
    for (; node > 1 && !this.#known[node]; node >>= 1, at += hashBytes) {
      const sibling = path.subarray(at, at + hashBytes);
      const hash = climbed.at(-1)!;
      climbed.push(node % 2 === 0 ? hashNode(hash, sibling) : hashNode(sibling, hash));
    }
    const top = climbed.at(-1)!;
    if (this.#known[node]) this.#compare(index, node, top, path, at);
    else if (!this.#acceptsRoot(top))
      throw new RowRefusedError("commitment", `Row ${index} and its path don't lead to the commitment`, {
        index,
      });
    this.#remember(start, climbed, path);
    return this.#node(1);
  }

  /** The node that was reached, and what is left of the path, must be what is known. */
  #compare(index: number, from: number, hash: Uint8Array, path: Uint8Array, pathAt: number): void {
    let same = sameBytes(hash, this.#node(from));
    for (let node = from, at = pathAt; node > 1; node >>= 1, at += hashBytes)
      same &&= sameBytes(path.subarray(at, at + hashBytes), this.#node(node ^ 1));
    if (!same)
      throw new RowRefusedError("row-path", `Row ${index} is not at that place of the tree`, { index });
  }

  #remember(start: number, climbed: readonly Uint8Array[], path: Uint8Array): void {
    let node = start;
    for (let level = 0; level < climbed.length; level++, node >>= 1) {
      if (node >= this.#known.length) continue;
      this.#set(node, climbed[level]!);
      const at = level * hashBytes;
      if (node > 1) this.#set(node ^ 1, path.subarray(at, at + hashBytes));
    }
  }

  #set(node: number, hash: Uint8Array): void {
    this.#nodes.set(hash, node * hashBytes);
    this.#known[node] = 1;
  }

  #node(node: number): Uint8Array {
    return this.#nodes.subarray(node * hashBytes, (node + 1) * hashBytes);
  }
}
