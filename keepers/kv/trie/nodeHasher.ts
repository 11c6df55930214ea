import { type OpenKernel, openKernel, prepareSha, shaBytes } from "../../coding/kernel.ts";
import { CHILDREN, HASH_BYTES, type Slots } from "./trieNode.ts";

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

  /** The hash of each node, in their order; copies. */
  hash(nodes: readonly Slots[]): Buffer[] {
    const hashes: Buffer[] = [];
    for (let from = 0; from < nodes.length; from += AT_ONCE)
      hashes.push(...this.#some(nodes.slice(from, from + AT_ONCE)));
    return hashes;
  }

  #some(nodes: readonly Slots[]): Buffer[] {
    const { kernel, bytes } = this.#open;
    const count = Math.ceil(nodes.length / LANES) * LANES;
    bytes.fill(0, childrenAt, childrenAt + nodes.length * NODE_BYTES);
    for (const [index, slots] of nodes.entries()) {
      const at = childrenAt + index * NODE_BYTES;
      for (let nibble = 0; nibble < CHILDREN; nibble++)
        slots[nibble]?.hash.copy(bytes, at + nibble * HASH_BYTES);
    }
    let level = childrenAt;
    for (let width = (count * CHILDREN) / 2; width >= count; width /= 2) {
      const parents = level + 2 * width * HASH_BYTES;
      kernel.hashNodes(level, parents, width, 0);
      level = parents;
    }
    return nodes.map((_, index) => {
      const at = level + index * HASH_BYTES;
      return Buffer.from(bytes.subarray(at, at + HASH_BYTES));
    });
  }
}
