import type { Shape } from "./shape.ts";

export { CodingError, type RowRefusal, RowRefusedError } from "./errors.ts";
export { chooseShape, type Shape, type ShapeLimits } from "./shape.ts";

/**
 * A coded segment. Every array is a view into a pooled buffer: valid until `release()`, which the holder calls
 * once; copy what must live longer.
 */
export interface EncodedSegment {
  readonly shape: Shape;
  /** SHA-256(rowRoot || rlcRoot). */
  readonly commitment: Uint8Array;
  readonly rowRoot: Uint8Array;
  readonly rlcRoot: Uint8Array;
  /** The random linear combinations of the k original rows, 16 bytes each. */
  readonly rlc: Uint8Array;
  /** Row `index` of k + n; originals come first. */
  row(index: number): Uint8Array;
  /** 32 * log2(k + n) bytes, bottom to top. */
  rowPath(index: number): Uint8Array;
  /** 32 * log2(k) bytes, bottom to top; originals only. */
  rlcPath(index: number): Uint8Array;
  release(): void;
}

export interface RowChecker {
  /**
   * Returns when the row belongs to the commitment.
   * @throws RowRefusedError (fatal, `coding/row-refused`) with the reason
   */
  check(index: number, row: Uint8Array, path: Uint8Array): void;
}

export interface Codec {
  /**
   * Codes `data`, zero-padded to k * rowSize bytes.
   * @throws CodingError `coding/shape`, `coding/empty`, `coding/oversize`
   */
  encode(data: Uint8Array, shape: Shape, signal?: AbortSignal): Promise<EncodedSegment>;
  /**
   * Prepares to check rows against a commitment. `rlc` holds the 16 * k bytes of the originals' combinations; they
   * are extended with the same code, and bound to the commitment by their root.
   */
  checker(commitment: Uint8Array, shape: Shape, rlc: Uint8Array): Promise<RowChecker>;
  /**
   * The k * rowSize bytes of the originals, from any k or more rows by index.
   * @throws CodingError `coding/too-few-rows`
   */
  rebuild(shape: Shape, rows: ReadonlyMap<number, Uint8Array>, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}
