import { randomFillSync } from "node:crypto";
import { hashRows } from "../../keepers/coding/commit.ts";
import { createField } from "../../keepers/coding/field.ts";
import { compileKernel } from "../../keepers/coding/kernel.ts";
import { rowAt, scratchAt } from "../../keepers/coding/layout.ts";
import { hashBytes, hashNode, nodeOf } from "../../keepers/coding/merkle.ts";
import { codeColumns, parityFactors } from "../../keepers/coding/parity.ts";
import { createSlab, type Slab } from "../../keepers/coding/slab.ts";
import type { Contender } from "../stopwatch.ts";
import { inputBytes, shape } from "./segment.ts";

/**
 * Products of a byte of a row and a constant that Leopard's transforms make for each byte of input, when k = n: half a
 * row a layer and row, there and back, but for the block of twiddle 0 in each layer on the way back.
 */
export const productsPerByte = Math.log2(shape.k) - (shape.k - 1) / shape.k;

/** A group of 64 rows, 256 columns wide, stays in the first cache; its six layers are 192 butterflies. */
const group = { logRows: 6, width: 256, butterflies: 192 };
const groupTurns = 500;
export const multipliedBytes = groupTurns * group.butterflies * group.width;

export const nodes = 4096;

/** The parts of coding a segment on one thread, and the limits that the machine sets to them. */
export function kernelContenders(): Contender[] {
  const field = createField();
  const slab = createSlab(compileKernel(), field, shape, 1);
  for (let row = 0; row < shape.k; row++) randomFillSync(slab.bytes, rowAt(slab.layout, row), shape.rowSize);
  const factors = parityFactors(field, shape);
  const source = randomFillSync(Buffer.alloc(inputBytes));
  const target = Buffer.alloc(inputBytes);
  return [
    { name: "code", go: () => codeColumns(slab, factors, { from: 0, to: shape.rowSize }, 0) },
    { name: "multiply", go: () => multiplyCachedRows(slab) },
    { name: "hash rows", go: () => hashRows(slab, { from: 0, to: shape.k + shape.n }) },
    { name: "copy", go: () => source.copy(target) },
    { name: "nodes", go: () => hashNodesInLanes(slab) },
    { name: "nodes, native", go: () => hashNodesNatively(slab) },
  ];
}

function multiplyCachedRows({ kernel, layout }: Slab): void {
  const rows = rowAt(layout, shape.k);
  for (let turn = 0; turn < groupTurns; turn++)
    kernel.interpolate(rows, layout.stride, group.logRows, group.width, shape.k, layout.twiddles);
}

function hashNodesInLanes({ kernel, layout }: Slab): void {
  const level = layout.rowTree + nodes * hashBytes;
  kernel.hashNodes(level + nodes * hashBytes, level, nodes, scratchAt(layout, 0).sha);
}

function hashNodesNatively({ bytes, layout }: Slab): void {
  const heap = bytes.subarray(layout.rowTree);
  for (let node = nodes; node < 2 * nodes; node++)
    heap.set(hashNode(nodeOf(heap, 2 * node), nodeOf(heap, 2 * node + 1)), node * hashBytes);
}
