import { statfs } from "node:fs/promises";
import { FatalError, MyceliaError } from "../../runtime/errors.ts";

/** How long the system's word is believed, milliseconds. */
const BELIEVED_MS = 1_000;

/**
 * Room on the disk itself, whatever the quota says: some of it stays free, so that a node that takes no more rows can still
 * write down what it does (index, nonces, transactions, copies of compaction).
 */
export class DiskSpace {
  readonly #directory: string;
  readonly #reserveBytes: number;
  #free = 0;
  #asked = Number.NEGATIVE_INFINITY;

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
  }

  /** Before so many bytes are written. @throws FatalError storage/quota-exceeded when they would eat into the reserve */
  async require(bytes: number): Promise<void> {
    if (this.#reserveBytes === 0) return;
    if (performance.now() - this.#asked > BELIEVED_MS) await this.#ask();
    if (this.#free - bytes < this.#reserveBytes) {
      // Somebody may have made room since.
      await this.#ask();
      if (this.#free - bytes < this.#reserveBytes) throw reserved(bytes, this.#free, this.#reserveBytes);
    }
    this.#free -= bytes;
  }

  async #ask(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#directory);
    this.#free = bavail * bsize;
    this.#asked = performance.now();
  }
}

/** The refusal of what the disk had no room for. */
export function diskFull(cause: unknown): FatalError {
  return new FatalError(
    "storage/quota-exceeded",
    "the disk of this node is full; store elsewhere",
    {},
    cause,
  );
}

/** What an uploader is told of a write that failed: that the index had no room means that the disk is full. */
export function uploadFailure(error: unknown): unknown {
  return error instanceof MyceliaError && error.code === "store/disk-full" ? diskFull(error) : error;
}

function reserved(bytes: number, freeBytes: number, reserveBytes: number): FatalError {
  return new FatalError(
    "storage/quota-exceeded",
    `${bytes} bytes do not fit: ${freeBytes} bytes of this node's disk are free, of which ${reserveBytes} stay free; store elsewhere`,
    { bytes, freeBytes, reserveBytes },
  );
}
