import { concatBytes, viewOf, zeros } from "../runtime/platform/bytes.ts";
import { sha256 } from "../runtime/platform/hashes.ts";
import type { Kernel, OpenKernel } from "./kernel.ts";
import { combinationBytes, logBlockRows, rowAt, scratchAt } from "./layout.ts";
import { hashBytes, hashLeaf, hashUpward, nodeOf } from "./merkle.ts";
import { writeHashes } from "./rowHashes.ts";
import { chunkBytes, type Shape } from "./shape.ts";
import type { Slab } from "./slab.ts";

/** Rows `from` ... `to` - 1. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Messages that the kernels hash at once. */
const lanes = 4;
const symbolBytes = 2;

/** SHA-256(rowRoot || LE32(k) || LE32(n) || LE32(rowSize)): what the coefficients are drawn from. */
export function coefficientSeed(rowRoot: Uint8Array, shape: Shape): Uint8Array {
  const message = zeros(hashBytes + 12);
  message.set(rowRoot);
  const view = viewOf(message);
  [shape.k, shape.n, shape.rowSize].forEach((value, at) => {
    view.setUint32(hashBytes + 4 * at, value, true);
  });
  return sha256(message);
}

export function commitmentOf(rowRoot: Uint8Array, rlcRoot: Uint8Array): Uint8Array {
  return sha256(concatBytes([rowRoot, rlcRoot]));
}

/** Hashes rows into the leaves of the row tree. */
export function hashRows(slab: Slab, { from, to }: Rows): void {
  const { bytes, layout } = slab;
  const leaves = layout.rowTree + (layout.shape.k + layout.shape.n) * hashBytes;
  const length = 1 + layout.shape.rowSize;
  const rows = {
    ...{ count: to - from, length },
    at(index: number) {
      // From the zero byte before the row on.
      const start = rowAt(layout, from + index) - 1;
      return bytes.subarray(start, start + length);
    },
  };
  writeHashes(rows, bytes, leaves + from * hashBytes);
}

/** Completes the row tree and draws the coefficients from its root. */
export function sealRows(slab: Slab, thread: number): void {
  const { bytes, layout } = slab;
  const { k, n } = layout.shape;
  sealTree(slab, layout.rowTree, k + n, thread);
  bytes.set(coefficientSeed(nodeOf(bytes.subarray(layout.rowTree), 1), layout.shape), layout.seed);
  drawCoefficients(slab.kernel, layout.shape.rowSize, { ...layout, sha: scratchAt(layout, thread).sha });
}

/** Combines originals into their 16 bytes each. */
export function combineRows(slab: Slab, { from, to }: Rows, thread: number): void {
  const { bytes, kernel, layout } = slab;
  const { tables } = scratchAt(layout, thread);
  const sums = (index: number) => layout.combinations + index * combinationBytes;
  bytes.fill(0, sums(from), sums(to));
  for (let column = 0; column < layout.shape.rowSize; column += chunkBytes) {
    kernel.combinationTables(coefficientsOf(layout.coefficients, column), layout.bits, tables);
    for (let index = from; index < to; index = nextBlock(index)) {
      const count = Math.min(nextBlock(index), to) - index;
      kernel.combine(rowAt(layout, index) + column, layout.stride, count, tables, sums(index));
    }
  }
}

/** Completes the tree over the combinations. */
export function sealCombinations(slab: Slab, thread: number): void {
  const { bytes, kernel, layout } = slab;
  const { k } = layout.shape;
  const leaves = layout.combinationTree + k * hashBytes;
  if (k >= lanes) kernel.hashLeaves(layout.combinations, leaves, k, scratchAt(layout, thread).sha);
  else
    for (let index = 0; index < k; index++) {
      const at = layout.combinations + index * combinationBytes;
      bytes.set(hashLeaf(bytes.subarray(at, at + combinationBytes)), leaves + index * hashBytes);
    }
  sealTree(slab, layout.combinationTree, k, thread);
}

function sealTree(slab: Slab, heap: number, leafCount: number, thread: number): void {
  sealNodes(slab, heap, leafCount, scratchAt(slab.layout, thread).sha);
}

/** Fills the inner nodes of a heap: wide levels by four lanes, the top by native code. */
export function sealNodes({ bytes, kernel }: OpenKernel, heap: number, leafCount: number, sha: number): void {
  let level = leafCount / 2;
  for (; level >= lanes; level /= 2)
    kernel.hashNodes(heap + 2 * level * hashBytes, heap + level * hashBytes, level, sha);
  hashUpward(bytes.subarray(heap, heap + 2 * leafCount * hashBytes), Math.floor(2 * level));
}

/**
 * Coefficient i = SHA-256(seed || LE32(i)), its halves added: eight elements, one vector a symbol of the row.
 * `places.coefficients` has room for the hashes.
 */
export function drawCoefficients(
  kernel: Kernel,
  rowSize: number,
  places: { seed: number; coefficients: number; sha: number },
): void {
  const symbols = rowSize / symbolBytes;
  kernel.hashCounters(places.seed, 0, places.coefficients, symbols, places.sha);
  kernel.foldCoefficients(places.coefficients, places.coefficients, symbols);
}

/** Where the coefficients of the chunk at a column stand. */
export function coefficientsOf(coefficients: number, column: number): number {
  return coefficients + (column / symbolBytes) * combinationBytes;
}

function nextBlock(index: number): number {
  return ((index >> logBlockRows) + 1) << logBlockRows;
}
