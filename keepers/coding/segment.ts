import { copyBytes } from "../runtime/platform/bytes.ts";
import type { EncodedSegment } from "./codec.ts";
import { commitmentOf } from "./commit.ts";
import { CodingError } from "./errors.ts";
import { combinationBytes, rowAt } from "./layout.ts";
import { hashBytes, merklePath, nodeOf } from "./merkle.ts";
import type { Shape } from "./shape.ts";
import type { PooledSlab } from "./slabPool.ts";

/** A segment whose rows and trees stand in a slab until it is released. */
export class SlabSegment implements EncodedSegment {
  readonly shape: Shape;
  readonly commitment: Uint8Array;
  readonly rowRoot: Uint8Array;
  readonly rlcRoot: Uint8Array;
  readonly #onRelease: (slab: PooledSlab) => void;
  #slab: PooledSlab | undefined;

  constructor(slab: PooledSlab, onRelease: (slab: PooledSlab) => void) {
    const { shape, rowTree, combinationTree } = slab.layout;
    this.#slab = slab;
    this.#onRelease = onRelease;
    this.shape = shape;
    this.rowRoot = Uint8Array.from(nodeOf(heapAt(slab, rowTree, shape.k + shape.n), 1));
    this.rlcRoot = Uint8Array.from(nodeOf(heapAt(slab, combinationTree, shape.k), 1));
    this.commitment = commitmentOf(this.rowRoot, this.rlcRoot);
  }

  get rlc(): Uint8Array {
    const { bytes, layout } = this.#open();
    return bytes.subarray(layout.combinations, layout.combinations + layout.shape.k * combinationBytes);
  }

  row(index: number): Uint8Array {
    const { bytes, layout } = this.#open();
    this.#assertIndex(index, this.shape.k + this.shape.n);
    const start = rowAt(layout, index);
    return bytes.subarray(start, start + this.shape.rowSize);
  }

  copyRows(first: number, count: number, target: Uint8Array, at: number): void {
    const { bytes, layout } = this.#open();
    const { k, n, rowSize } = this.shape;
    this.#assertIndex(first, k + n);
    if (count > 0) this.#assertIndex(first + count - 1, k + n);
    for (let index = 0; index < count; index++) {
      const start = rowAt(layout, first + index);
      copyBytes(bytes, target, at + index * rowSize, start, start + rowSize);
    }
  }

  rowPath(index: number): Uint8Array {
    const slab = this.#open();
    const rows = this.shape.k + this.shape.n;
    this.#assertIndex(index, rows);
    return merklePath(heapAt(slab, slab.layout.rowTree, rows), index);
  }

  rlcPath(index: number): Uint8Array {
    const slab = this.#open();
    this.#assertIndex(index, this.shape.k);
    return merklePath(heapAt(slab, slab.layout.combinationTree, this.shape.k), index);
  }

  release(): void {
    const slab = this.#slab;
    this.#slab = undefined;
    if (slab !== undefined) this.#onRelease(slab);
  }

  #open(): PooledSlab {
    if (this.#slab === undefined) throw new CodingError("coding/released", "The segment has been released");
    return this.#slab;
  }

  #assertIndex(index: number, count: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= count)
      throw new CodingError("coding/row-index", `There is no row ${index} among ${count}`, { index, count });
  }
}

function heapAt(slab: PooledSlab, start: number, leaves: number): Uint8Array {
  return slab.bytes.subarray(start, start + 2 * leaves * hashBytes);
}
