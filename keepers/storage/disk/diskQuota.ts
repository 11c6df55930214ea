import { FatalError } from "../../runtime/errors.ts";

/** Bytes that a node may fill on its disk. */
export class DiskQuota {
  readonly limit: number;
  #used = 0;

  constructor(limitBytes: number) {
    this.limit = limitBytes;
  }

  /** Bytes taken, those about to be written included. */
  get used(): number {
    return this.#used;
  }

  /** Takes room before it is filled. @throws FatalError storage/quota-exceeded, and nothing is taken. */
  take(bytes: number): void {
    if (this.#used + bytes > this.limit) {
      throw new FatalError(
        "storage/quota-exceeded",
        `${bytes} bytes do not fit: ${this.#used} of ${this.limit} bytes are taken; store elsewhere or raise the node's quotaBytes`,
        { bytes, usedBytes: this.#used, quotaBytes: this.limit },
      );
    }
    this.#used += bytes;
  }

  /** Takes what lies on the disk already, whatever the limit. */
  occupy(bytes: number): void {
    this.#used += bytes;
  }

  /** Gives room back that was not filled. */
  release(bytes: number): void {
    this.#used -= bytes;
  }
}
