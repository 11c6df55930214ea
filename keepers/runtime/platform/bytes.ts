/** Byte strings, in the form that the platform is quickest with: node's here, plain arrays of bytes in a browser. */
export type Bytes = Buffer;

/** Room that may hold anything. */
export function roomFor(length: number): Bytes {
  return Buffer.allocUnsafe(length);
}

/** The same, that shares its memory with nothing else. */
export function ownRoomFor(length: number): Bytes {
  return Buffer.allocUnsafeSlow(length);
}

export function zeros(length: number): Bytes {
  return Buffer.alloc(length);
}

/** The same bytes, not copied. */
export function bytesIn({ buffer, byteOffset, byteLength }: ArrayBufferView): Bytes {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** All bytes of a memory, not copied. */
export function bytesOfMemory(memory: ArrayBufferLike, length: number = memory.byteLength): Bytes {
  return Buffer.from(memory, 0, length);
}

/** The numbers in the same bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

export function copyOf(bytes: Uint8Array): Bytes {
  return Buffer.from(bytes);
}

/** Copies `source[from]` … `source[to - 1]` to `target` from `at` on. */
export function copyBytes(source: Bytes, target: Uint8Array, at: number, from: number, to: number): void {
  source.copy(target, at, from, to);
}

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  return Buffer.concat(parts);
}

/** Below, at or above zero, as `a` comes before `b`, is the same, or comes after it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** UTF-8; what is no character becomes U+FFFD. */
export function utf8(text: string): Bytes {
  return Buffer.from(text, "utf8");
}

export function textOf(bytes: Uint8Array): string {
  return bytesIn(bytes).toString("utf8");
}

/** Lower-case, without prefix. */
export function hexOf(bytes: Uint8Array): string {
  return bytesIn(bytes).toString("hex");
}

export function fromHex(hex: string): Bytes {
  return Buffer.from(hex, "hex");
}

export function base64Of(bytes: Uint8Array): string {
  return bytesIn(bytes).toString("base64");
}

export function fromBase64(text: string): Bytes {
  return Buffer.from(text, "base64");
}

/** As `base64Of`, in the alphabet of URLs and without padding. */
export function base64UrlOf(bytes: Uint8Array): string {
  return bytesIn(bytes).toString("base64url");
}

export function fromBase64Url(text: string): Bytes {
  return Buffer.from(text, "base64url");
}
