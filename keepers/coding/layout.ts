import { bitsBytes, chunkTableBytes, multiplierBytes, shaBytes } from "./kernel.ts";
import { hashBytes } from "./merkle.ts";
import { chunkBytes, parityPoints, type Shape } from "./shape.ts";

/** Rows come in blocks of 64; blocks are the groups of the first transform passes. */
export const logBlockRows = 6;
const blockRows = 2 ** logBlockRows;
/** Bytes of one combination: a vector of eight field elements. */
export const combinationBytes = 16;

/**
 * Where things stand in the memory that holds one codeword; all addresses are multiples of 64.
 *
 * A row is followed by 64 bytes of padding whose last byte, 0, is the prefix of the next row's Merkle leaf: the leaf is
 * hashed where it lies. The padding also keeps rows off the same cache sets, and so does the pad after each block of 64
 * rows for rows that are 64 apart.
 */
export interface Layout {
  readonly shape: Shape;
  readonly stride: number;
  /** Bytes between rows that are 64 apart. */
  readonly blockStride: number;
  readonly blockPad: number;
  readonly rows: number;
  /** Multipliers of the 16 single-bit elements, and of the even ones. */
  readonly bits: number;
  readonly twiddles: number;
  readonly twiddleCount: number;
  /** A u16 for each row that a rebuild loads, and one for each original that it makes. */
  readonly loadFactors: number;
  readonly makeFactors: number;
  /** 32 bytes a symbol while they are hashed, 16 when folded. */
  readonly coefficients: number;
  readonly seed: number;
  readonly combinations: number;
  readonly combinationTree: number;
  readonly rowTree: number;
  /** What each thread works in: sha, multiplier, tables. */
  readonly scratch: number;
  readonly bytes: number;
}

const shaScratch = 0;
const multiplierScratch = shaBytes;
const tableScratch = multiplierScratch + multiplierBytes;
const scratchBytes = tableScratch + chunkTableBytes;

export function createLayout(shape: Shape, threads: number): Layout {
  const { k, n, rowSize } = shape;
  let end = 0;
  const take = (bytes: number) => {
    const start = end;
    end += Math.ceil(bytes / chunkBytes) * chunkBytes;
    return start;
  };
  const twiddleCount = (k + parityPoints(shape)) / 2;
  const stride = rowSize + chunkBytes;
  const blockStride = blockRows * stride + chunkBytes;
  return {
    shape,
    stride,
    blockStride,
    blockPad: chunkBytes,
    bits: take(bitsBytes),
    twiddleCount,
    twiddles: take(twiddleCount * multiplierBytes),
    loadFactors: take(2 * (k + n)),
    makeFactors: take(2 * k),
    coefficients: take((rowSize / 2) * hashBytes),
    seed: take(hashBytes),
    combinations: chunkBytes + take(chunkBytes + k * combinationBytes),
    combinationTree: take(2 * k * hashBytes),
    rowTree: take(2 * (k + n) * hashBytes),
    scratch: take(threads * scratchBytes),
    rows: chunkBytes + take(chunkBytes + Math.ceil((k + n) / blockRows) * blockStride),
    bytes: end,
  };
}

/** The address of a row. */
export function rowAt(layout: Layout, index: number): number {
  return layout.rows + index * layout.stride + (index >> logBlockRows) * layout.blockPad;
}

/** The first `count` rows, by blocks: rows of one stand `stride` bytes apart. */
export function* blocksOf(
  layout: Layout,
  count: number,
): Generator<{ row: number; from: number; count: number }> {
  for (let from = 0; from < count; from += blockRows)
    yield { row: rowAt(layout, from), from, count: Math.min(blockRows, count - from) };
}

/** The addresses of what one thread works in. */
export function scratchAt(layout: Layout, thread: number) {
  const start = layout.scratch + thread * scratchBytes;
  return { sha: start + shaScratch, multiplier: start + multiplierScratch, tables: start + tableScratch };
}
