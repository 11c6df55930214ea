import type { Field } from "./field.ts";
import { compileKernel } from "./kernel.ts";
import type { Shape } from "./shape.ts";
import { createSlab, type Slab } from "./slab.ts";
import type { Threads } from "./threads.ts";

export interface PooledSlab extends Slab {
  readonly id: number;
}

/** What idle slabs may take together. */
const idleBytes = 128 * 2 ** 20;

/** Slabs for reuse, by shape: a fresh one costs page faults and tables. */
export class SlabPool {
  readonly #field: Field;
  readonly #threads: Threads;
  /** Longest idle first. */
  readonly #idle: PooledSlab[] = [];
  #made = 0;

  constructor(field: Field, threads: Threads) {
    this.#field = field;
    this.#threads = threads;
  }

  take(shape: Shape): PooledSlab {
    const found = this.#idle.findLastIndex((slab) => sameShape(slab.layout.shape, shape));
    if (found >= 0) return this.#idle.splice(found, 1)[0]!;
    return { ...createSlab(compileKernel(), this.#field, shape, this.#threads.count), id: this.#made++ };
  }

  give(slab: PooledSlab): void {
    this.#idle.push(slab);
    let bytes = this.#idle.reduce((sum, idle) => sum + idle.layout.bytes, 0);
    while (bytes > idleBytes) {
      const dropped = this.#idle.shift()!;
      bytes -= dropped.layout.bytes;
      this.#threads.forget(dropped.id);
    }
  }
}

function sameShape(left: Shape, right: Shape): boolean {
  return left.k === right.k && left.n === right.n && left.rowSize === right.rowSize;
}
