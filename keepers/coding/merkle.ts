import { type Bytes, compareBytes, copyBytes, roomFor } from "../runtime/platform/bytes.ts";
import { sha256, writeSha256 } from "../runtime/platform/hashes.ts";
import { CodingError } from "./errors.ts";
import { writeHashes } from "./rowHashes.ts";

/** Bytes of a SHA-256 hash. */
export const hashBytes = 32;

/**
 * Trees of RFC 6962 with SHA-256 over a power of two of leaves: leaf = H(0x00 || data), node = H(0x01 || left ||
 * right). A tree is kept as a heap of hashes end to end: node 1 is the root, node i has the children 2i and 2i + 1,
 * leaf i of n is node n + i; the place of node 0 is unused.
 */
export function merkleTree(leaves: readonly Uint8Array[]): Uint8Array {
  const count = leaves.length;
  if (count === 0 || (count & (count - 1)) !== 0)
    throw new CodingError("coding/leaf-count", `A tree has a power of two of leaves, not ${count}`, {
      count,
    });
  const heap = new Uint8Array(2 * count * hashBytes);
  leaves.forEach((leaf, index) => {
    heap.set(hashLeaf(leaf), (count + index) * hashBytes);
  });
  hashUpward(heap, count);
  return heap;
}

/** The root over rows that lie end to end; their number is a power of two. Much cheaper than `merkleTree`. */
export function rootOfRows(rows: Uint8Array, rowSize: number): Uint8Array {
  const count = rows.length / rowSize;
  const heap = roomFor(2 * count * hashBytes);
  hashLeaves(rows, rowSize, heap);
  const pair = roomFor(1 + 2 * hashBytes);
  pair[0] = 0x01;
  for (let node = count - 1; node >= 1; node--) {
    copyBytes(heap, pair, 1, 2 * node * hashBytes, 2 * (node + 1) * hashBytes);
    writeSha256(pair, heap, node * hashBytes);
  }
  return nodeOf(heap, 1);
}

/** Writes the hashes of rows that lie end to end as the leaves of a heap. */
export function hashLeaves(rows: Uint8Array, rowSize: number, heap: Bytes): void {
  const count = rows.length / rowSize;
  const leaf = roomFor(1 + rowSize);
  leaf[0] = 0x00;
  const leaves = {
    ...{ count, length: leaf.length },
    at(row: number) {
      leaf.set(rows.subarray(row * rowSize, (row + 1) * rowSize), 1);
      return leaf;
    },
  };
  writeHashes(leaves, heap, count * hashBytes);
}

/** Fills the nodes 1 ... count - 1 of a heap whose nodes count ... 2 * count - 1 are there. */
export function hashUpward(heap: Uint8Array, count: number): void {
  for (let node = count - 1; node >= 1; node--)
    heap.set(hashNode(nodeOf(heap, 2 * node), nodeOf(heap, 2 * node + 1)), node * hashBytes);
}

/** A view of one node. */
export function nodeOf(heap: Uint8Array, node: number): Uint8Array {
  return heap.subarray(node * hashBytes, (node + 1) * hashBytes);
}

/** A copy of the siblings on the way from leaf `index` to the root, bottom to top, end to end. */
export function merklePath(heap: Uint8Array, index: number): Uint8Array {
  const count = heap.length / hashBytes / 2;
  const path = new Uint8Array(Math.log2(count) * hashBytes);
  for (let node = count + index, at = 0; node > 1; node >>= 1, at += hashBytes)
    path.set(nodeOf(heap, node ^ 1), at);
  return path;
}

/** The root that a leaf's hash and its path lead to. */
export function rootFromPath(leafHash: Uint8Array, index: number, path: Uint8Array): Uint8Array {
  let current = leafHash;
  for (let at = 0, position = index; at < path.length; at += hashBytes, position >>= 1) {
    const sibling = path.subarray(at, at + hashBytes);
    current = position % 2 === 0 ? hashNode(current, sibling) : hashNode(sibling, current);
  }
  return current;
}

/** Whether `data` is leaf `index` of the tree of `count` leaves with this root. */
export function verifyPath(
  data: Uint8Array,
  index: number,
  count: number,
  root: Uint8Array,
  path: Uint8Array,
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= count) return false;
  if (path.length !== Math.log2(count) * hashBytes) return false;
  return compareBytes(rootFromPath(hashLeaf(data), index, path), root) === 0;
}

export function hashLeaf(data: Uint8Array): Bytes {
  const message = roomFor(1 + data.length);
  message[0] = 0x00;
  message.set(data, 1);
  return sha256(message);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Bytes {
  const message = roomFor(1 + 2 * hashBytes);
  message[0] = 0x01;
  message.set(left, 1);
  message.set(right, 1 + hashBytes);
  return sha256(message);
}
