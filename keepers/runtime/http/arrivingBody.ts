import { type Bytes, roomFor } from "../platform/bytes.ts";
/**
 * The bytes of a body, in one piece that is filled as they come: kept apart, pieces hold on to all that was read from the
 * socket with them, and a body in tiny ones takes hundreds of times its own size.
 */
export class ArrivingBody {
  readonly #limit: number;
  #room: Bytes;
  #length = 0;

  /**
   * @param expected bytes that room is made for; it grows with the body
   * @param limit bytes that the caller lets come at most
   */
  constructor(expected: number, limit: number) {
    this.#limit = limit;
    this.#room = roomFor(expected);
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Bytes {
    return this.#room.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const end = this.#length + piece.length;
    if (end > this.#room.length) {
      const larger = roomFor(Math.min(this.#limit, Math.max(end, 2 * this.#room.length)));
      larger.set(this.bytes);
      this.#room = larger;
    }
    this.#room.set(piece, this.#length);
    this.#length = end;
  }
}
