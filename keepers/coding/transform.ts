import { logBlockRows, rowAt, scratchAt } from "./layout.ts";
import type { Slab } from "./slab.ts";

/** Columns of the rows, in bytes; multiples of 64. */
export interface Columns {
  readonly from: number;
  readonly to: number;
}

/** A group of rows takes at most this much of the first cache, beside its multipliers. */
const groupBytes = 16_384;
const widestStrip = 256;

/**
 * The transforms of k rows are cut into groups: the low layers run within blocks of 64 neighbouring rows, the high
 * layers across blocks, on rows that are 64 apart. A group is worked on a strip of columns at a time, in the first
 * cache, so that a pass reads and writes every row once.
 */
export function layersOf(slab: Slab) {
  const logK = Math.log2(slab.layout.shape.k);
  const low = Math.min(logK, logBlockRows);
  return { low, high: logK - low };
}

/** A strip of columns of rows that are transformed together; `first` counts from the first of the k rows. */
export interface Group {
  readonly first: number;
  readonly column: number;
  readonly width: number;
}

type Visit = (group: Group) => void;

/** Visits every block of neighbouring rows; `first` is its first row. */
function eachBlock(slab: Slab, columns: Columns, visit: Visit): void {
  const rows = 2 ** layersOf(slab).low;
  for (let first = 0; first < slab.layout.shape.k; first += rows) eachStrip(columns, rows, first, visit);
}

/** Visits every set of rows that stand at the same place of all blocks; `first` is the one in the first block. */
function eachComb(slab: Slab, columns: Columns, visit: Visit): void {
  const { low, high } = layersOf(slab);
  for (let first = 0; first < 2 ** low; first++) eachStrip(columns, 2 ** high, first, visit);
}

function eachStrip(columns: Columns, rows: number, first: number, visit: Visit): void {
  const strip = Math.min(widestStrip, Math.max(64, groupBytes / rows));
  for (let column = columns.from; column < columns.to; column += strip)
    visit({ first, column, width: Math.min(strip, columns.to - column) });
}

/**
 * From the k values at the points `point` ... in the rows from `source` on to coefficients in the rows from `target`
 * on. `finish` sees each comb of coefficients while it is in the cache.
 */
export function interpolate(
  slab: Slab,
  source: number,
  target: number,
  point: number,
  columns: Columns,
  finish?: Visit,
): void {
  const { kernel, layout } = slab;
  const { low, high } = layersOf(slab);
  eachBlock(slab, columns, ({ first, column, width }) => {
    const base = rowAt(layout, target + first) + column;
    if (source !== target)
      kernel.copyRows(rowAt(layout, source + first) + column, base, layout.stride, 2 ** low, width);
    kernel.interpolate(base, layout.stride, low, width, point + first, layout.twiddles);
  });
  if (high === 0 && finish === undefined) return;
  eachComb(slab, columns, ({ first, column, width }) => {
    const base = rowAt(layout, target + first) + column;
    kernel.interpolate(base, layout.blockStride, high, width, point >> low, layout.twiddles);
    finish?.({ first, column, width });
  });
}

/** The high layers of the way back, on one comb of the coefficients in the rows from `row` on. */
export function evaluateComb(slab: Slab, row: number, point: number, { first, column, width }: Group): void {
  const { kernel, layout } = slab;
  const { low, high } = layersOf(slab);
  const base = rowAt(layout, row + first) + column;
  kernel.evaluate(base, layout.blockStride, high, width, point >> low, layout.twiddles);
}

/** The low layers of the way back: the rows from `row` on become the values at the points `point` ... */
export function evaluateBlocks(slab: Slab, row: number, point: number, columns: Columns): void {
  const { kernel, layout } = slab;
  const { low } = layersOf(slab);
  eachBlock(slab, columns, ({ first, column, width }) => {
    const base = rowAt(layout, row + first) + column;
    kernel.evaluate(base, layout.stride, low, width, point + first, layout.twiddles);
  });
}

/** From coefficients to values, in place. */
export function evaluate(slab: Slab, row: number, point: number, columns: Columns): void {
  eachComb(slab, columns, (group) => evaluateComb(slab, row, point, group));
  evaluateBlocks(slab, row, point, columns);
}

/** Writes `element` times one comb of the rows from `source` on to the rows from `target` on. */
export function scaleComb(
  slab: Slab,
  source: number,
  target: number,
  element: number,
  { first, column, width }: Group,
  thread: number,
): void {
  const { kernel, layout } = slab;
  const { high } = layersOf(slab);
  const scratch = scratchAt(layout, thread).multiplier;
  const [from, to] = [rowAt(layout, source + first) + column, rowAt(layout, target + first) + column];
  kernel.scale(from, to, layout.blockStride, 2 ** high, width, element, layout.bits, scratch);
}
