import type { Bytes } from "../runtime/platform/bytes.ts";
import { coefficientSeed, coefficientsOf, drawCoefficients } from "./commit.ts";
import type { Field } from "./field.ts";
import {
  bitProducts,
  bitsBytes,
  chunkTableBytes,
  type Kernel,
  openKernel,
  prepareSha,
  shaBytes,
} from "./kernel.ts";
import { combinationBytes } from "./layout.ts";
import { hashBytes } from "./merkle.ts";
import { RunHasher } from "./runHasher.ts";
import { chunkBytes, type Shape } from "./shape.ts";

/** Rows that a combiner takes at once; a power of two. */
export const mostCombined = 32;

/**
 * Combines rows of one commitment, with the tables of all their chunks at hand: 512 bytes for each byte of a
 * row.
 */
export class Combiner {
  readonly rowSize: number;
  readonly #kernel: Kernel;
  readonly #bytes: Bytes;
  readonly #places: ReturnType<typeof combinerPlaces>;

  constructor(field: Field, rowSize: number) {
    const places = combinerPlaces(rowSize);
    const open = openKernel(places.end);
    this.rowSize = rowSize;
    this.#places = places;
    this.#bytes = open.bytes;
    this.#kernel = open.kernel;
    this.#bytes.set(bitProducts(field), places.tables);
    this.#kernel.expandBits(places.tables, places.bits);
    prepareSha(open, places.tables, places.sha);
  }

  /** Makes the tables for the rows under a row root. */
  prepare(rowRoot: Uint8Array, shape: Shape): void {
    const { seed, coefficients, bits } = this.#places;
    this.#bytes.set(coefficientSeed(rowRoot, shape), seed);
    drawCoefficients(this.#kernel, this.rowSize, this.#places);
    for (let column = 0; column < this.rowSize; column += chunkBytes)
      this.#kernel.combinationTables(coefficientsOf(coefficients, column), bits, this.#tablesOf(column));
  }

  /**
   * The 16 bytes of each row; a view that the next call overwrites.
   * @param rows at most `mostCombined`, end to end
   */
  combine(rows: Uint8Array): Uint8Array {
    const { sums, rows: place } = this.#places;
    const count = rows.length / this.rowSize;
    const end = sums + count * combinationBytes;
    this.#bytes.set(rows, place);
    this.#bytes.fill(0, sums, end);
    // The tables of one chunk stay in the first cache while all rows pass by.
    for (let column = 0; column < this.rowSize; column += chunkBytes)
      this.#kernel.combine(place + column, this.rowSize, count, this.#tablesOf(column), sums);
    return this.#bytes.subarray(sums, end);
  }

  #tablesOf(column: number): number {
    return this.#places.tables + (column / chunkBytes) * chunkTableBytes;
  }
}

function combinerPlaces(rowSize: number) {
  const sha = bitsBytes;
  const seed = sha + shaBytes;
  const sums = seed + chunkBytes;
  const coefficients = sums + mostCombined * combinationBytes;
  const rows = coefficients + (rowSize / 2) * hashBytes;
  const tables = rows + mostCombined * rowSize;
  const end = tables + (rowSize / chunkBytes) * chunkTableBytes;
  return { bits: 0, sha, seed, sums, coefficients, rows, tables, end };
}

/** What the tables of all combiners may take together. */
const pooledBytes = 32 * 2 ** 20;

/** Combiners for the commitments that were checked last, and what hashes their rows. */
export class CombinerPool {
  readonly hasher = new RunHasher();
  readonly #field: Field;
  /** Longest unused first. */
  readonly #ready = new Map<object, Combiner>();

  constructor(field: Field) {
    this.#field = field;
  }

  /** The combiner that was prepared for `owner`, or one that is prepared now. */
  for(owner: object, rowRoot: Uint8Array, shape: Shape): Combiner {
    const found = this.#ready.get(owner);
    const combiner = found ?? this.#make(shape.rowSize);
    if (found === undefined) combiner.prepare(rowRoot, shape);
    this.#ready.delete(owner);
    this.#ready.set(owner, combiner);
    return combiner;
  }

  #make(rowSize: number): Combiner {
    let spare: Combiner | undefined;
    while (this.#ready.size > 0 && this.#bytes() + combinerPlaces(rowSize).end > pooledBytes) {
      const [owner, combiner] = this.#ready.entries().next().value!;
      this.#ready.delete(owner);
      if (combiner.rowSize === rowSize) spare = combiner;
    }
    return spare ?? new Combiner(this.#field, rowSize);
  }

  #bytes(): number {
    return [...this.#ready.values()].reduce((sum, { rowSize }) => sum + combinerPlaces(rowSize).end, 0);
  }
}
