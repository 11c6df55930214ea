import { type Field, fieldOrder } from "./field.ts";
import { logBlockRows, rowAt, scratchAt } from "./layout.ts";
import { parityFactors } from "./parity.ts";
import { parityPoints, type Shape } from "./shape.ts";
import type { Slab } from "./slab.ts";
import { type Columns, evaluate, interpolate, layersOf } from "./transform.ts";

/**
 * How to get the originals back from k rows.
 *
 * With S the points of the k rows, M(x) the product of (x - s) over S and y(s) the smaller polynomial's value there
 * (parity.ts), Lagrange's formula for a missing original at x is M(x) * sum of (y(s) / M'(s)) / (x - s). The points lie
 * in cosets of k points whose vanishing polynomial V has the derivative 1, so each coset's part of the sum is what the
 * values y(s) / M'(s) at its points, 0 elsewhere, interpolate to, over V(x), which is constant on the coset of the
 * originals. For the coset of the originals itself it is the derivative of that polynomial. So: scale the rows,
 * interpolate each coset that has any, add the coefficients up, evaluate once, scale.
 */
export interface RebuildPlan {
  /** The k rows that are used. */
  readonly rows: readonly number[];
  /** Parity blocks of k rows that have any of them. */
  readonly blocks: readonly number[];
  readonly hasOriginals: boolean;
  /** What each row of k + n is multiplied with before; 0 for those that are not used. */
  readonly loadFactors: Uint16Array;
  /** What each original is multiplied with after; 1 for those that are there. */
  readonly makeFactors: Uint16Array;
}

/** @param available k or more row indices */
export function planRebuild(field: Field, shape: Shape, available: readonly number[]): RebuildPlan {
  const { k, n } = shape;
  const points = parityPoints(shape);
  const rows = selectRows(shape, available);
  const pointOf = (row: number) => (row < k ? points + row : row - k);
  const logs = locatorLogs(field, rows.map(pointOf), points + k);
  const factors = parityFactors(field, shape);
  const loadFactors = new Uint16Array(k + n);
  const makeFactors = new Uint16Array(k);
  const blocks = new Set<number>();
  for (const row of rows) {
    const scale = field.exp(fieldOrder - logs[pointOf(row)]!);
    const block = Math.floor(row / k) - 1;
    loadFactors[row] = block < 0 ? scale : field.multiply(scale, cosetFactor(field, shape, factors, block));
    if (block >= 0) blocks.add(block);
  }
  for (let row = 0; row < k; row++) makeFactors[row] = loadFactors[row] ? 1 : field.exp(logs[points + row]!);
  return { rows, blocks: [...blocks], hasOriginals: rows.some((row) => row < k), loadFactors, makeFactors };
}

/** 1 / (the block's parity factor times V at the originals' coset). */
function cosetFactor(field: Field, shape: Shape, factors: readonly number[], block: number): number {
  const vanishing = (parityPoints(shape) / shape.k) ^ block;
  return field.invert(field.multiply(factors[block]!, vanishing));
}

/** Originals first, for they cost least, then whole blocks before scattered ones. */
function selectRows(shape: Shape, available: readonly number[]): number[] {
  const blocks = Array.from({ length: 1 + shape.n / shape.k }, (): number[] => []);
  for (const row of available) blocks[Math.floor(row / shape.k)]!.push(row);
  const [originals, ...parity] = blocks;
  parity.sort((left, right) => right.length - left.length);
  return [originals!, ...parity].flat().slice(0, shape.k);
}

/**
 * Logarithms of M at all points below `points`, of M' at the selected ones: at x the sum of log(x ^ s) over the
 * selected s, log 0 taken as 0. That is a convolution over XOR, so it is done by Walsh-Hadamard transforms in the
 * integers modulo 65,535 (catid/leopard's error locator).
 */
function locatorLogs(field: Field, selected: readonly number[], points: number): Uint32Array {
  const size = 2 ** Math.ceil(Math.log2(points));
  const indicator = new Uint32Array(size);
  for (const point of selected) indicator[point] = 1;
  const logs = Uint32Array.from(field.log.subarray(0, size));
  walshHadamard(indicator);
  walshHadamard(logs);
  // The inverse transform divides by size; 2^16 is 1 modulo 65,535, so that is a multiplication by 2^16 / size.
  const inverse = 65_536 / size;
  for (let at = 0; at < size; at++)
    indicator[at] = (((indicator[at]! * logs[at]!) % fieldOrder) * inverse) % fieldOrder;
  walshHadamard(indicator);
  return indicator;
}

function walshHadamard(values: Uint32Array): void {
  for (let distance = 1; distance < values.length; distance *= 2)
    for (let top = 0; top < values.length; top += 2 * distance)
      for (let at = top; at < top + distance; at++) {
        const left = values[at]!;
        const right = values[at + distance]!;
        const sum = left + right;
        const difference = left - right;
        values[at] = sum < fieldOrder ? sum : sum - fieldOrder;
        values[at + distance] = difference < 0 ? difference + fieldOrder : difference;
      }
}

/** Rebuilds some columns; the missing originals end in their own rows, those that are there are lost. */
export function rebuildColumns(
  slab: Slab,
  blocks: readonly number[],
  hasOriginals: boolean,
  columns: Columns,
  thread: number,
): void {
  const { kernel, layout } = slab;
  const { k } = layout.shape;
  const points = parityPoints(layout.shape);
  const width = columns.to - columns.from;
  let started = hasOriginals;
  if (hasOriginals) {
    scaleBlocks(slab, 0, layout.loadFactors, columns, thread);
    interpolate(slab, 0, 0, points, columns);
    const base = rowAt(layout, 0) + columns.from;
    kernel.derive(base, layout.stride, Math.log2(k), width, logBlockRows, layout.blockPad);
  }
  for (const block of blocks) {
    const row = k + block * k;
    scaleBlocks(slab, row, layout.loadFactors + 2 * row, columns, thread);
    interpolate(slab, row, started ? row : 0, block * k, columns);
    if (started) addBlocks(slab, row, columns);
    started = true;
  }
  evaluate(slab, 0, points, columns);
  scaleBlocks(slab, 0, layout.makeFactors, columns, thread);
}

function scaleBlocks(slab: Slab, row: number, factors: number, columns: Columns, thread: number): void {
  const { kernel, layout } = slab;
  const count = 2 ** layersOf(slab).low;
  const scratch = scratchAt(layout, thread).multiplier;
  const width = columns.to - columns.from;
  for (let first = 0; first < layout.shape.k; first += count) {
    const base = rowAt(layout, row + first) + columns.from;
    kernel.scaleRows(base, base, layout.stride, count, width, factors + 2 * first, layout.bits, scratch);
  }
}

/** Adds k rows to the first k. */
function addBlocks(slab: Slab, row: number, columns: Columns): void {
  const { kernel, layout } = slab;
  const count = 2 ** layersOf(slab).low;
  for (let first = 0; first < layout.shape.k; first += count) {
    const [from, to] = [rowAt(layout, row + first), rowAt(layout, first)];
    kernel.addRows(from + columns.from, to + columns.from, layout.stride, count, columns.to - columns.from);
  }
}
