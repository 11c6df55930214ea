import { CodingError } from "./errors.ts";

/** The dimensions of a codeword: `k` original rows and `n` parity rows of `rowSize` bytes. */
export interface Shape {
  readonly k: number;
  readonly n: number;
  /** Bytes; a multiple of 64. */
  readonly rowSize: number;
}

export interface ShapeLimits {
  /** Bytes; the largest row that the domain stores or sends. */
  readonly maxRowSize: number;
  /** Parity rows per original row: 1 is rate 1/2 (storage), 3 is rate 1/4 (DA). */
  readonly parityPerOriginal: 1 | 3;
}

/** Leopard symbols come in 64-byte chunks: 32 low bytes, then 32 high bytes. */
export const chunkBytes = 64;
/** The number of points of GF(2^16): originals and padded parity must fit. */
const fieldPoints = 65_536;
const leastOriginals = 128;
const originalsPerHolder = 4;
/** 1 GiB of rows: what one WebAssembly memory is asked to hold at most. */
const maxCodewordBytes = 2 ** 30;

/**
 * Parity rows as the code counts them: rounded up to a power of two. Original row i stands at field point
 * `parityPoints(shape) + i`, parity row j at point j.
 */
export function parityPoints(shape: Shape): number {
  // n = k * (2^t - 1), which is a power of two only for t = 1.
  return shape.n === shape.k ? shape.n : shape.k + shape.n;
}

/** Throws `coding/shape` unless rows of this shape can be coded. */
export function assertShape(shape: Shape): void {
  const { k, n, rowSize } = shape;
  const refuse = (why: string) => {
    throw new CodingError("coding/shape", `Shape k=${k} n=${n} rowSize=${rowSize} can't be coded: ${why}`, {
      k,
      n,
      rowSize,
    });
  };
  if (!isPowerOfTwo(k)) refuse("k must be a power of two");
  if (!Number.isInteger(n) || n < 1 || !isPowerOfTwo(k + n)) refuse("k + n must be a power of two above k");
  if (!Number.isInteger(rowSize) || rowSize < chunkBytes || rowSize % chunkBytes !== 0)
    refuse("rowSize must be a positive multiple of 64");
  if (pointsUsed(shape) > fieldPoints) refuse("the field has too few points");
  if ((k + n) * rowSize > maxCodewordBytes) refuse("the codeword is over 1 GiB");
}

/**
 * The smallest power of two K with K >= 128, K >= 4 * holders and a row within the limit; a row is the smallest
 * multiple of 64 that holds the data.
 *
 * @param size bytes of data, at least 1
 * @param holders how many hold rows of the segment, at least 1
 * @throws CodingError `coding/empty`, or `coding/oversize` when no K of this field holds the data
 */
export function chooseShape(size: number, holders: number, limits: ShapeLimits): Shape {
  if (!Number.isInteger(size) || size < 1)
    throw new CodingError("coding/empty", `There is nothing to code in ${size} bytes`, { size });
  if (!Number.isInteger(holders) || holders < 1)
    throw new CodingError("coding/holders", `A segment needs at least one holder, not ${holders}`, {
      holders,
    });
  for (let k = leastOriginals; k <= fieldPoints; k *= 2) {
    const shape = { k, n: k * limits.parityPerOriginal, rowSize: rowSizeFor(size, k) };
    if (k < originalsPerHolder * holders || shape.rowSize > limits.maxRowSize) continue;
    if (pointsUsed(shape) > fieldPoints) break;
    return shape;
  }
  throw new CodingError(
    "coding/oversize",
    `${size} bytes over ${holders} holders don't fit one codeword with rows of ${limits.maxRowSize} bytes`,
    { size, holders, ...limits },
  );
}

function rowSizeFor(size: number, k: number): number {
  return chunkBytes * Math.ceil(size / k / chunkBytes);
}

function pointsUsed(shape: Shape): number {
  return shape.k + parityPoints(shape);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= fieldPoints && (value & (value - 1)) === 0;
}
