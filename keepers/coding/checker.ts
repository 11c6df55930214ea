import type { RowChecker } from "./codec.ts";
import { Combiner, type CombinerPool } from "./combiner.ts";
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
    this.#paths = new PathChecker(shape.k + shape.n, (rowRoot) => bindsRoots(commitment, rowRoot, rlcRoot));
  }

  check(index: number, row: Uint8Array, path: Uint8Array): void {
    assertRowForm(this.#shape, index, this.#shape.k + this.#shape.n, row, path);
    const rowRoot = this.#paths.check(index, hashLeaf(row), path);
    const combination = this.#pool.for(this, rowRoot, this.#shape).combine(row);
    const at = index * combinationBytes;
    if (Buffer.compare(combination, this.#combinations.subarray(at, at + combinationBytes)) !== 0)
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
  return Buffer.compare(commitmentOf(rowRoot, rlcRoot), commitment) === 0;
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
