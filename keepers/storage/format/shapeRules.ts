import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { MAX_SEGMENT_BYTES, SLOTS } from "./limits.ts";

const MIN_ORIGINAL_ROWS = 128;
const MAX_ROWS = 65_536;
const ROW_UNIT = 64;

const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;

/** Why a shape may not be stored, or undefined when it may. Total over any three numbers. */
export function shapeFault(shape: Shape): string | undefined {
  const { k, n, rowSize } = shape;
  if (![k, n, rowSize].every((value) => Number.isSafeInteger(value) && value > 0))
    return "a shape has positive integers";
  if (k > MAX_ROWS || n > MAX_ROWS || k + n > MAX_ROWS) return `k + n = ${k + n} rows, more than ${MAX_ROWS}`;
  if (k < MIN_ORIGINAL_ROWS || !isPowerOfTwo(k))
    return `k = ${k} is no power of two from ${MIN_ORIGINAL_ROWS} on`;
  if (!isPowerOfTwo(k + n)) return `k + n = ${k + n} is no power of two`;
  if (k + n < SLOTS) return `k + n = ${k + n} rows, fewer than the ${SLOTS} slots`;
  if (n > 3 * k) return `n = ${n} is more than three parity rows for each of k = ${k}`;
  if (rowSize % ROW_UNIT !== 0) return `a row of ${rowSize} bytes is no multiple of ${ROW_UNIT}`;
  if (k * rowSize > MAX_SEGMENT_BYTES)
    return `k * rowSize = ${k * rowSize} bytes, more than ${MAX_SEGMENT_BYTES}`;
  return undefined;
}

/** Bytes of a segment in coded form, all rows: what a publication pays for. */
export function codedBytes(shape: Shape): number {
  return (shape.k + shape.n) * shape.rowSize;
}

/**
 * A segment must be said to have the shape that it has.
 * @param name lower-case hex of the commitment
 * @throws FatalError storage/wrong-shape
 */
export function requireShape(name: string, found: Shape, asked: Shape): void {
  if (found.k === asked.k && found.n === asked.n && found.rowSize === asked.rowSize) return;
  throw new FatalError(
    "storage/wrong-shape",
    `segment ${name} has ${found.k} + ${found.n} rows of ${found.rowSize} bytes, not ${asked.k} + ${asked.n} of ${asked.rowSize}`,
    { name, found, asked },
  );
}
