import { sealNodes } from "./commit.ts";
import { openKernel, prepareSha, shaBytes } from "./kernel.ts";
import { hashBytes, hashLeaves, nodeOf, rootOfRows } from "./merkle.ts";

/** Rows of a run that has room here; a strip of a whole segment has 32. */
const mostRows = 512;
const heapAt = shaBytes;
const endAt = heapAt + 2 * mostRows * hashBytes;

/** Roots of runs of rows, as `rootOfRows` finds them: rows by native code, the nodes over them by four lanes. */
export class RunHasher {
  readonly #open = openKernel(endAt);

  constructor() {
    prepareSha(this.#open, heapAt, 0);
  }

  /** @param rows end to end; their number is a power of two */
  root(rows: Uint8Array, rowSize: number): Uint8Array {
    const count = rows.length / rowSize;
    if (count > mostRows) return rootOfRows(rows, rowSize);
    const heap = this.#open.bytes.subarray(heapAt, heapAt + 2 * count * hashBytes);
    hashLeaves(rows, rowSize, heap);
    sealNodes(this.#open, heapAt, count, 0);
    return Uint8Array.from(nodeOf(heap, 1));
  }
}
