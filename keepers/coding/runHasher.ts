import { sealNodes } from "./commit.ts";
import {
  compileKernel,
  createMemory,
  instantiateKernel,
  type Kernel,
  roundConstants,
  shaBytes,
} from "./kernel.ts";
import { hashBytes, hashLeaves, nodeOf, rootOfRows } from "./merkle.ts";

/** Rows of a run that has room here; a strip of a whole segment has 32. */
const mostRows = 512;
const constantBytes = 256;

/** Roots of runs of rows, as `rootOfRows` finds them: rows by native code, the nodes over them by four lanes. */
export class RunHasher {
  readonly #kernel: Kernel;
  readonly #bytes: Buffer;
  readonly #sha = constantBytes;
  readonly #heap = constantBytes + shaBytes;

  constructor() {
    const memory = createMemory(this.#heap + 2 * mostRows * hashBytes);
    this.#bytes = Buffer.from(memory.buffer);
    this.#kernel = instantiateKernel(compileKernel(), memory);
    this.#bytes.set(roundConstants(), 0);
    this.#kernel.prepareSha256(0, this.#sha);
  }

  /** @param rows end to end; their number is a power of two */
  root(rows: Uint8Array, rowSize: number): Uint8Array {
    const count = rows.length / rowSize;
    if (count > mostRows) return rootOfRows(rows, rowSize);
    const heap = this.#bytes.subarray(this.#heap, this.#heap + 2 * count * hashBytes);
    hashLeaves(rows, rowSize, heap);
    sealNodes({ bytes: this.#bytes, kernel: this.#kernel }, this.#heap, count, this.#sha);
    return Uint8Array.from(nodeOf(heap, 1));
  }
}
