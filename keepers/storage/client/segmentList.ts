import type { Shape } from "../../coding/codec.ts";
import type { BatchSegment } from "../format/batch.ts";
import { HASH_BYTES, SLOTS } from "../format/limits.ts";
import { sizeOf } from "../format/placement.ts";
import type { StoredSegment } from "./uploadJournal.ts";

const SLAB_SEGMENTS = 1_024;

/** Segments in their order, each in some 40 bytes: a terabyte has 262,144 of them. */
export class SegmentList implements Iterable<BatchSegment> {
  readonly #slabs: Uint8Array[] = [];
  readonly #shapes: Shape[] = [];
  readonly #known = new Map<string, Shape>();
  #lastSlots: bigint | undefined;
  #slotsCovered = SLOTS;

  get length(): number {
    return this.#shapes.length;
  }

  /** Slots covered by the weakest segment. */
  get slotsCovered(): number {
    return this.#slotsCovered;
  }

  add({ commitment, shape, slots }: StoredSegment): void {
    const place = this.length % SLAB_SEGMENTS;
    if (place === 0) this.#slabs.push(new Uint8Array(SLAB_SEGMENTS * HASH_BYTES));
    this.#slabs.at(-1)!.set(commitment, place * HASH_BYTES);
    this.#shapes.push(this.#shared(shape));
    if (slots === this.#lastSlots) return;
    this.#lastSlots = slots;
    this.#slotsCovered = Math.min(this.#slotsCovered, sizeOf(slots));
  }

  *[Symbol.iterator](): Generator<BatchSegment> {
    for (const [index, shape] of this.#shapes.entries()) {
      const at = (index % SLAB_SEGMENTS) * HASH_BYTES;
      yield {
        commitment: this.#slabs[Math.floor(index / SLAB_SEGMENTS)]!.slice(at, at + HASH_BYTES),
        shape,
      };
    }
  }

  /** All segments of a large object have the same few shapes. */
  #shared(shape: Shape): Shape {
    const key = `${shape.k}/${shape.n}/${shape.rowSize}`;
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, shape);
    return known ?? shape;
  }
}
