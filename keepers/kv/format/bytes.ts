import { type Bytes, bytesIn, roomFor, viewOf } from "../../runtime/platform/bytes.ts";
/** Writes big-endian fields one behind the other into a buffer of the size that they need. */
export class ByteWriter {
  readonly bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = roomFor(size);
    this.#view = viewOf(this.bytes);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  u64(value: bigint): void {
    this.#view.setBigUint64(this.#at, value);
    this.#at += 8;
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Up to 65,535 bytes behind their length u16. */
  short(bytes: Uint8Array): void {
    this.u16(bytes.length);
    this.raw(bytes);
  }

  /** Bytes behind their length u32. */
  long(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }
}

/** Reads big-endian fields that somebody else wrote. */
export class ByteReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  readonly #bad: (reason: string) => Error;
  #at = 0;

  /** @param bad makes the error for what is cut off or too long */
  constructor(input: Uint8Array, bad: (reason: string) => Error) {
    this.#bytes = bytesIn(input);
    this.#view = viewOf(input);
    this.#bad = bad;
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#skip(8));
  }

  /** A view. */
  take(length: number): Bytes {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes behind their length u16; a view. */
  short(): Bytes {
    return this.take(this.u16());
  }

  /** Bytes behind their length u32; a view. */
  long(): Bytes {
    return this.take(this.u32());
  }

  /** @throws when something is left */
  end(): void {
    if (this.left > 0) throw this.#bad(`${this.left} bytes too many`);
  }

  #skip(length: number): number {
    if (length > this.left) throw this.#bad(`it ends ${length - this.left} bytes early`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
