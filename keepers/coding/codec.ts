import { createField } from "./field.ts";
import type { Shape } from "./shape.ts";
import { SlabCodec } from "./slabCodec.ts";
import { callingThread } from "./threads.ts";
import { usualThreads, workerThreads } from "./workerThreads.ts";

export { checkOriginalRow } from "./checker.ts";
export { CodingError, type RowRefusal, RowRefusedError } from "./errors.ts";
export { chooseShape, type Shape, type ShapeLimits } from "./shape.ts";

/**
 * A coded segment. `rlc` and the rows are views into pooled memory that threads share: read-only, valid until
 * `release()`. Copy what must live longer, and for interfaces that take no shared memory (lmdb, a fastify reply). Roots,
 * commitment and paths are copies.
 */
export interface EncodedSegment {
  readonly shape: Shape;
  /** SHA-256(rowRoot || rlcRoot). */
  readonly commitment: Uint8Array;
  readonly rowRoot: Uint8Array;
  readonly rlcRoot: Uint8Array;
  /** The random linear combinations of the k original rows, 16 bytes each. */
  readonly rlc: Uint8Array;
  /**
   * Row `index` of k + n; originals come first.
   * @throws CodingError `coding/row-index`, and like all methods `coding/released` after the release
   */
  row(index: number): Uint8Array;
  /** Copies `count` rows from row `first` on, end to end, to `at` in `target`. @throws as `row` */
  copyRows(first: number, count: number, target: Uint8Array, at: number): void;
  /** 32 * log2(k + n) bytes, bottom to top. */
  rowPath(index: number): Uint8Array;
  /** 32 * log2(k) bytes, bottom to top; originals only. */
  rlcPath(index: number): Uint8Array;
  /** Gives the memory back; a second call does nothing. */
  release(): void;
}

export interface RowChecker {
  /**
   * Returns when the row belongs to the commitment.
   * @throws RowRefusedError (fatal, `coding/row-refused`) with the reason
   */
  check(index: number, row: Uint8Array, path: Uint8Array): void;
  /**
   * Returns when consecutive rows belong to the commitment; much cheaper than one by one.
   * @param first index of the first, a multiple of their number
   * @param rows end to end; their number is a power of two
   * @param path from the root over just these rows up to the row root: a hash for each level, bottom to top
   * @throws as `check`
   */
  checkRun(first: number, rows: Uint8Array, path: Uint8Array): void;
  /** Whether the commitment is the one to this row root and the combinations. */
  binds(rowRoot: Uint8Array): boolean;
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
   * @throws CodingError `coding/combinations-length`
   */
  checker(commitment: Uint8Array, shape: Shape, rlc: Uint8Array): Promise<RowChecker>;
  /**
   * The k * rowSize bytes of the originals, from any k or more rows by index. Rows are taken as they are: check them
   * first.
   * @throws CodingError `coding/too-few-rows`, `coding/row-index`, `coding/row-length`
   */
  rebuild(shape: Shape, rows: ReadonlyMap<number, Uint8Array>, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * The root over the originals' combinations, 32 bytes: with the row root it makes the commitment.
   * @param rlc 16 * k bytes
   * @throws CodingError `coding/shape` where no k fits
   */
  rlcRoot(rlc: Uint8Array): Promise<Uint8Array>;
  /**
   * The top of the row tree that `data`, zero-padded to k * rowSize bytes, codes to: a heap as `merkleTree` makes it, with
   * `width` nodes at the bottom, each over (k + n) / width rows. Rebuilt bytes whose root is that of their segment are the
   * segment's whatever rows they were rebuilt from, and no row of it is coded wrongly.
   * @param width a power of two, k + n at most
   * @throws as `encode`
   */
  rowTree(data: Uint8Array, shape: Shape, width: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Ends the threads; what is under way is rejected with `coding/closed`. */
  close(): Promise<void>;
}

export interface CodecOptions {
  /** Worker threads; 0 runs the kernels on the calling thread. By default all processors but one, at most four. */
  readonly threads?: number;
}

export async function createCodec(options: CodecOptions = {}): Promise<Codec> {
  const count = options.threads ?? usualThreads();
  return new SlabCodec(createField(), count === 0 ? callingThread() : workerThreads(count));
}
