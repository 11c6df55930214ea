import { type Bytes, bytesOfMemory, ownRoomFor } from "../../runtime/platform/bytes.ts";
/** Room for bytes that are needed for a while. Made anew, it costs the kernel a clean page for each 4 KiB, and memory until it is collected. */
export class BufferPool {
  readonly #kept: number;
  readonly #idle: Bytes[] = [];

  /** @param kept buffers that are kept for reuse at most */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** A buffer with anything in it. */
  take(bytes: number): Bytes {
    const place = this.#idle.findIndex(({ length }) => length >= bytes && length <= 2 * bytes);
    if (place < 0) return ownRoomFor(bytes);
    return bytesOfMemory(this.#idle.splice(place, 1)[0]!.buffer, bytes);
  }

  /** Takes a buffer back that nobody reads any more. */
  give(buffer: Uint8Array): void {
    this.#idle.push(bytesOfMemory(buffer.buffer));
    if (this.#idle.length > this.#kept) this.#idle.shift();
  }
}
