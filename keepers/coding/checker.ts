import { sameBytes } from "../runtime/platform/bytes.ts";
import type { RowChecker } from "./codec.ts";
import { Combiner, type CombinerPool, mostCombined } from "./combiner.ts";
import { commitmentOf } from "./commit.ts";
import { RowRefusedError } from "./errors.ts";
import { createField } from "./field.ts";
import { combinationBytes } from "./layout.ts";
import { hashBytes, hashLeaf, rootFromPath } from "./merkle.ts";
import { PathChecker } from "./pathChecker.ts";
import { assertShape, type Shape } from "./shape.ts";

/** Checks rows of one commitment against the combinations of all its rows. */
export class CombinationChecker implements RowChecker {
  readonly #shape: Shape;
  readonly #combinations: Uint8Array;
  readonly #pool: CombinerPool;
  readonly #paths: PathChecker;
  readonly #binds: (rowRoot: Uint8Array) => boolean;

  /** @param combinations 16 bytes for each of k + n rows, of which the first k have the root `rlcRoot` */
  constructor(
    commitment: Uint8Array,
    shape: Shape,
    rlcRoot: Uint8Array,
    combinations: Uint8Array,
    pool: CombinerPool,
  ) {
    this.#shape = shape;
    this.#combinations = combinations;
    this.#pool = pool;
    this.#binds = (rowRoot) => bindsRoots(commitment, rowRoot, rlcRoot);
    this.#paths = new PathChecker(shape.k + shape.n, this.#binds);
  }

  check(index: number, row: Uint8Array, path: Uint8Array): void {
    assertRowForm(this.#shape, index, this.#shape.k + this.#shape.n, row, path);
    const rowRoot = this.#paths.check(index, 1, hashLeaf(row), path);
    this.#compare(index, this.#pool.for(this, rowRoot, this.#shape).combine(row));
  }

  checkRun(first: number, rows: Uint8Array, path: Uint8Array): void {
    const count = assertRunForm(this.#shape, first, rows, path);
    const rowRoot = this.#paths.check(first, count, this.#pool.hasher.root(rows, this.#shape.rowSize), path);
    const combiner = this.#pool.for(this, rowRoot, this.#shape);
    const pieceBytes = mostCombined * this.#shape.rowSize;
    for (let at = 0; at < rows.length; at += pieceBytes)
      this.#compare(first + at / this.#shape.rowSize, combiner.combine(rows.subarray(at, at + pieceBytes)));
  }

  binds(rowRoot: Uint8Array): boolean {
    return this.#binds(rowRoot);
  }

  /** @param combinations of the rows from `first` on */
  #compare(first: number, combinations: Uint8Array): void {
    const at = first * combinationBytes;
    const predicted = this.#combinations.subarray(at, at + combinations.length);
    if (sameBytes(combinations, predicted)) return;
    const differs = combinations.findIndex((byte, position) => byte !== predicted[position]);
    const index = first + Math.floor(differs / combinationBytes);
    throw new RowRefusedError("row-combination", `Row ${index} is not a row of the codeword`, { index });
  }
}

/**
 * Checks one original row with the path of its combination and nothing else: no combinations of other rows, no codec.
 *
 * @param rowPath 32 * log2(k + n) bytes
 * @param rlcPath 32 * log2(k) bytes
 * @throws RowRefusedError unless the row, as original `index`, belongs to the commitment
 */
export function checkOriginalRow(
  commitment: Uint8Array,
  shape: Shape,
  index: number,
  row: Uint8Array,
  rowPath: Uint8Array,
  rlcPath: Uint8Array,
): void {
  assertShape(shape);
  assertRowForm(shape, index, shape.k, row, rowPath);
  if (rlcPath.length !== hashBytes * Math.log2(shape.k))
    throw new RowRefusedError("path-length", `A combination's path has not ${rlcPath.length} bytes`, {
      index,
    });
  const rowRoot = rootFromPath(hashLeaf(row), index, rowPath);
  const combiner = new Combiner(createField(), shape.rowSize);
  combiner.prepare(rowRoot, shape);
  const rlcRoot = rootFromPath(hashLeaf(combiner.combine(row)), index, rlcPath);
  if (!bindsRoots(commitment, rowRoot, rlcRoot))
    throw new RowRefusedError("commitment", `Row ${index} and its paths don't lead to the commitment`, {
      index,
    });
}

function bindsRoots(commitment: Uint8Array, rowRoot: Uint8Array, rlcRoot: Uint8Array): boolean {
  return sameBytes(commitmentOf(rowRoot, rlcRoot), commitment);
}

/** @returns how many rows there are */
function assertRunForm(shape: Shape, first: number, rows: Uint8Array, path: Uint8Array): number {
  const all = shape.k + shape.n;
  const count = rows.length / shape.rowSize;
  if (!Number.isInteger(Math.log2(count)) || count < 1 || count > all)
    throw new RowRefusedError("row-length", `${rows.length} bytes are no run of rows`, { index: first });
  if (!Number.isInteger(first) || first < 0 || first >= all || first % count !== 0)
    throw new RowRefusedError("row-index", `No ${count} rows start at ${first} among ${all}`, {
      ...{ index: first, count: all },
    });
  const pathBytes = hashBytes * Math.log2(all / count);
  if (path.length !== pathBytes)
    throw new RowRefusedError(
      "path-length",
      `The path of ${count} rows has ${path.length} bytes, not ${pathBytes}`,
      { index: first },
    );
  return count;
}

function assertRowForm(shape: Shape, index: number, count: number, row: Uint8Array, path: Uint8Array): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new RowRefusedError("row-index", `There is no row ${index} among ${count}`, { index, count });
  if (row.length !== shape.rowSize)
    throw new RowRefusedError("row-length", `Row ${index} has ${row.length} bytes, not ${shape.rowSize}`, {
      index,
    });
  const pathBytes = hashBytes * Math.log2(shape.k + shape.n);
  if (path.length !== pathBytes)
    throw new RowRefusedError(
      "path-length",
      `The path of row ${index} has ${path.length} bytes, not ${pathBytes}`,
      {
        index,
      },
    );
}
