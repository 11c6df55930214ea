import { viewOf, zeros } from "../runtime/platform/bytes.ts";
import { CombinationChecker } from "./checker.ts";
import type { Codec, EncodedSegment, RowChecker } from "./codec.ts";
import { CombinerPool } from "./combiner.ts";
import { CodingError } from "./errors.ts";
import type { Field } from "./field.ts";
import { blocksOf, combinationBytes, rowAt } from "./layout.ts";
import { hashBytes, nodeOf } from "./merkle.ts";
import { parityFactors } from "./parity.ts";
import { planRebuild, type RebuildPlan } from "./rebuild.ts";
import { SlabSegment } from "./segment.ts";
import { assertShape, chunkBytes, type Shape } from "./shape.ts";
import { type PooledSlab, SlabPool } from "./slabPool.ts";
import { cut, type Task } from "./tasks.ts";
import type { Threads } from "./threads.ts";

/** Below this many bytes of originals a second thread costs more than it brings. */
const splitBytes = 2 ** 18;

/** The codec over pooled slabs: data is copied into a slab once, and worked on there by all threads. */
export class SlabCodec implements Codec {
  readonly #field: Field;
  readonly #threads: Threads;
  readonly #slabs: SlabPool;
  readonly #combiners: CombinerPool;
  /** Segments that nobody released: their memory is lost to the pool, but the threads must let go of it. */
  readonly #abandoned: FinalizationRegistry<number>;

  constructor(field: Field, threads: Threads) {
    this.#field = field;
    this.#threads = threads;
    this.#slabs = new SlabPool(field, threads);
    this.#combiners = new CombinerPool(field);
    this.#abandoned = new FinalizationRegistry((id) => threads.forget(id));
  }

  async encode(data: Uint8Array, shape: Shape, signal?: AbortSignal): Promise<EncodedSegment> {
    assertShape(shape);
    assertSize(data.length, shape);
    signal?.throwIfAborted();
    const slab = this.#slabs.take(shape);
    try {
      fillOriginals(slab, data);
      await this.#threads.run(slab, this.#encodePhases(shape), signal);
    } catch (error) {
      this.#slabs.give(slab);
      throw error;
    }
    const segment = new SlabSegment(slab, (released) => {
      this.#abandoned.unregister(released);
      this.#slabs.give(released);
    });
    this.#abandoned.register(segment, slab.id, slab);
    return segment;
  }

  async checker(commitment: Uint8Array, shape: Shape, rlc: Uint8Array): Promise<RowChecker> {
    assertShape(shape);
    if (rlc.length !== shape.k * combinationBytes)
      throw new CodingError(
        "coding/combinations-length",
        `${shape.k} rows don't have ${rlc.length} bytes of combinations`,
      );
    const narrow = { ...shape, rowSize: chunkBytes };
    return this.#withSlab(narrow, async (slab) => {
      fillCombinations(slab, rlc);
      const columns = { from: 0, to: chunkBytes };
      const factors = parityFactors(this.#field, shape);
      await this.#threads.run(slab, [[{ kind: "code", columns, factors }], [{ kind: "seal-combinations" }]]);
      const rlcRoot = Uint8Array.from(nodeOf(slab.bytes.subarray(slab.layout.combinationTree), 1));
      const combinations = readCombinations(slab);
      return new CombinationChecker(
        Uint8Array.from(commitment),
        shape,
        rlcRoot,
        combinations,
        this.#combiners,
      );
    });
  }

  async rebuild(
    shape: Shape,
    rows: ReadonlyMap<number, Uint8Array>,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    assertShape(shape);
    assertRows(rows, shape);
    signal?.throwIfAborted();
    const data = new Uint8Array(shape.k * shape.rowSize);
    const missing: number[] = [];
    for (let index = 0; index < shape.k; index++) {
      const row = rows.get(index);
      if (row === undefined) missing.push(index);
      else data.set(row, index * shape.rowSize);
    }
    if (missing.length === 0) return data;
    const plan = planRebuild(this.#field, shape, [...rows.keys()]);
    return this.#withSlab(shape, async (slab) => {
      fillRows(slab, plan, rows);
      await this.#threads.run(slab, [this.#rebuildTasks(shape, plan)], signal);
      for (const index of missing) {
        const start = rowAt(slab.layout, index);
        data.set(slab.bytes.subarray(start, start + shape.rowSize), index * shape.rowSize);
      }
      return data;
    });
  }

  async rlcRoot(rlc: Uint8Array): Promise<Uint8Array> {
    const k = rlc.length / combinationBytes;
    const narrow = { k, n: k, rowSize: chunkBytes };
    assertShape(narrow);
    return this.#withSlab(narrow, async (slab) => {
      slab.bytes.set(rlc, slab.layout.combinations);
      await this.#threads.run(slab, [[{ kind: "seal-combinations" }]]);
      return Uint8Array.from(nodeOf(slab.bytes.subarray(slab.layout.combinationTree), 1));
    });
  }

  async rowTree(data: Uint8Array, shape: Shape, width: number, signal?: AbortSignal): Promise<Uint8Array> {
    assertShape(shape);
    assertSize(data.length, shape);
    signal?.throwIfAborted();
    return this.#withSlab(shape, async (slab) => {
      fillOriginals(slab, data);
      await this.#threads.run(slab, this.#rowPhases(shape), signal);
      const { rowTree } = slab.layout;
      return Uint8Array.from(slab.bytes.subarray(rowTree, rowTree + 2 * width * hashBytes));
    });
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  async #withSlab<T>(shape: Shape, use: (slab: PooledSlab) => Promise<T>): Promise<T> {
    const slab = this.#slabs.take(shape);
    try {
      return await use(slab);
    } finally {
      this.#slabs.give(slab);
    }
  }

  #encodePhases(shape: Shape): Task[][] {
    return [
      ...this.#rowPhases(shape),
      cut(shape.k, 1, this.#partsOf(shape)).map((rows) => ({ kind: "combine", rows })),
      [{ kind: "seal-combinations" }],
    ];
  }

  #rowPhases(shape: Shape): Task[][] {
    const { k, n, rowSize } = shape;
    const parts = this.#partsOf(shape);
    const factors = parityFactors(this.#field, shape);
    return [
      cut(rowSize, chunkBytes, parts).map((columns) => ({ kind: "code", columns, factors })),
      cut(k + n, 1, parts).map((rows) => ({ kind: "hash-rows", rows })),
      [{ kind: "seal-rows" }],
    ];
  }

  #rebuildTasks(shape: Shape, { blocks, hasOriginals }: RebuildPlan): Task[] {
    return cut(shape.rowSize, chunkBytes, this.#partsOf(shape)).map((columns) => ({
      kind: "rebuild",
      columns,
      blocks,
      hasOriginals,
    }));
  }

  #partsOf({ k, rowSize }: Shape): number {
    return k * rowSize < splitBytes ? 1 : this.#threads.count;
  }
}

function assertSize(size: number, shape: Shape): void {
  if (size === 0) throw new CodingError("coding/empty", "There is nothing to code in 0 bytes");
  const room = shape.k * shape.rowSize;
  if (size > room)
    throw new CodingError("coding/oversize", `${size} bytes don't fit ${room}`, { size, room });
}

function assertRows(rows: ReadonlyMap<number, Uint8Array>, shape: Shape): void {
  const count = shape.k + shape.n;
  for (const [index, row] of rows) {
    if (!Number.isInteger(index) || index < 0 || index >= count)
      throw new CodingError("coding/row-index", `There is no row ${index} among ${count}`, { index, count });
    if (row.length !== shape.rowSize)
      throw new CodingError(
        "coding/row-length",
        `Row ${index} has ${row.length} bytes, not ${shape.rowSize}`,
        { index },
      );
  }
  if (rows.size < shape.k)
    throw new CodingError("coding/too-few-rows", `It takes ${shape.k} rows to rebuild, not ${rows.size}`, {
      needed: shape.k,
      given: rows.size,
    });
}

function fillOriginals({ bytes, layout }: PooledSlab, data: Uint8Array): void {
  const { k, rowSize } = layout.shape;
  for (let index = 0; index < k; index++) {
    const start = rowAt(layout, index);
    const row = data.subarray(index * rowSize, (index + 1) * rowSize);
    bytes.set(row, start);
    if (row.length < rowSize) bytes.fill(0, start + row.length, start + rowSize);
  }
}

function fillRows(
  { bytes, layout }: PooledSlab,
  plan: RebuildPlan,
  rows: ReadonlyMap<number, Uint8Array>,
): void {
  for (const index of plan.rows) bytes.set(rows.get(index)!, rowAt(layout, index));
  bytes.set(littleEndian(plan.loadFactors), layout.loadFactors);
  bytes.set(littleEndian(plan.makeFactors), layout.makeFactors);
}

/** Makes the originals of a slab of one-chunk rows: a combination's eight elements in the first symbols of each. */
function fillCombinations({ bytes, kernel, layout }: PooledSlab, rlc: Uint8Array): void {
  bytes.set(rlc, layout.combinations);
  for (const { row, from, count } of blocksOf(layout, layout.shape.k))
    kernel.spreadCombinations(layout.combinations + from * combinationBytes, row, layout.stride, count);
}

/** The combinations that all rows of such a slab stand for. */
function readCombinations({ bytes, kernel, layout }: PooledSlab): Uint8Array {
  const { k, n } = layout.shape;
  // Nobody makes the row tree of such a slab, and there is room in it.
  const sums = layout.rowTree;
  for (const { row, from, count } of blocksOf(layout, k + n))
    kernel.gatherCombinations(row, sums + from * combinationBytes, layout.stride, count);
  return Uint8Array.from(bytes.subarray(sums, sums + (k + n) * combinationBytes));
}

function littleEndian(values: Uint16Array): Uint8Array {
  const bytes = zeros(2 * values.length);
  const view = viewOf(bytes);
  values.forEach((value, at) => {
    view.setUint16(2 * at, value, true);
  });
  return bytes;
}
