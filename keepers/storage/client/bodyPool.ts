/** Bodies kept for reuse at most: those of two segments for a committee of sixteen. */
const keptBodies = 32;

/** Room for bodies of uploads. A body is most of a megabyte: made anew, it costs the kernel a clean page for each 4 KiB. */
export class BodyPool {
  readonly #idle: Buffer[] = [];

  /** A body with anything in it. */
  take(bytes: number): Buffer {
    const place = this.#idle.findIndex(({ length }) => length >= bytes && length <= 2 * bytes);
    if (place < 0) return Buffer.allocUnsafeSlow(bytes);
    return Buffer.from(this.#idle.splice(place, 1)[0]!.buffer, 0, bytes);
  }

  /** Takes a body back that nobody sends any more. */
  give(body: Buffer): void {
    this.#idle.push(Buffer.from(body.buffer));
    if (this.#idle.length > keptBodies) this.#idle.shift();
  }
}
