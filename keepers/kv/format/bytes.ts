/** Writes big-endian fields one behind the other into a buffer of the size that they need. */
export class ByteWriter {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  u8(value: number): void {
    this.#at = this.bytes.writeUInt8(value, this.#at);
  }

  u16(value: number): void {
    this.#at = this.bytes.writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#at = this.bytes.writeUInt32BE(value, this.#at);
  }

  u64(value: bigint): void {
    this.#at = this.bytes.writeBigUInt64BE(value, this.#at);
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
  readonly #bytes: Buffer;
  readonly #bad: (reason: string) => Error;
  #at = 0;

  /** @param bad makes the error for what is cut off or too long */
  constructor(input: Uint8Array, bad: (reason: string) => Error) {
    this.#bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
    this.#bad = bad;
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#skip(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#skip(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#skip(8));
  }

  /** A view. */
  take(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes behind their length u16; a view. */
  short(): Buffer {
    return this.take(this.u16());
  }

  /** Bytes behind their length u32; a view. */
  long(): Buffer {
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
