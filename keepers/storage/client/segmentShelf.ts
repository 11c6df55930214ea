import type { RowChecker } from "../../coding/codec.ts";
import type { BatchSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import type { SegmentHead } from "../format/segmentFormat.ts";
import { type Strip, stripBytes } from "../format/stripFormat.ts";

export interface WholeSegment {
  /** The k * rowSize bytes that its rows stand for, whether or not they are consistent. */
  readonly data: Uint8Array;
  /** False when coding `data` again leads to another row root: the writer committed to rows that are no codeword. */
  readonly consistent: boolean;
}

/** A segment whose head is checked, and what has been read of it. */
export interface OpenedSegment {
  readonly head: SegmentHead;
  /** Made when it is first asked for. */
  readonly checker: () => Promise<RowChecker>;
  /** Checked original strips by number. */
  readonly strips: Map<number, Strip>;
  whole?: WholeSegment;
}

/** The combinations as they came, and twice as much of their own code in the checker. */
const HEAD_COPIES = 4;

/** Segments lately read, of any object: the least lately used go when they are more than `maxBytes`. */
export class SegmentShelf {
  readonly #maxBytes: number;
  readonly #opened = new Map<string, OpenedSegment>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  find(segment: BatchSegment): OpenedSegment | undefined {
    const key = keyOf(segment);
    const found = this.#opened.get(key);
    if (found === undefined) return undefined;
    this.#opened.delete(key);
    this.#opened.set(key, found);
    return found;
  }

  /** Takes a segment in, or notes that it has grown. */
  keep(segment: BatchSegment, opened: OpenedSegment): void {
    const key = keyOf(segment);
    this.#opened.delete(key);
    this.#opened.set(key, opened);
    let bytes = 0;
    for (const one of this.#opened.values()) bytes += bytesOf(one);
    for (const [oldest, one] of this.#opened) {
      if (bytes <= this.#maxBytes) return;
      bytes -= bytesOf(one);
      this.#opened.delete(oldest);
    }
  }
}

function bytesOf({ head, strips, whole }: OpenedSegment): number {
  return HEAD_COPIES * head.rlc.length + strips.size * stripBytes(head.shape) + (whole?.data.length ?? 0);
}

/** A commitment doesn't bind its shape; what is kept was checked for one. */
function keyOf({ commitment, shape }: BatchSegment): string {
  return `${nameOf(commitment)}/${shape.k}.${shape.n}.${shape.rowSize}`;
}
