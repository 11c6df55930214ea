/** As bytes.ts, with what every browser has. */
export type Bytes = Uint8Array;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Characters that are made of bytes at once: arguments of a call are bounded. */
const AT_ONCE = 0x8000;
const encoder = new TextEncoder();
// Without this a text would lose the mark at its start, and be another text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function roomFor(length: number): Bytes {
  return new Uint8Array(length);
}

export function ownRoomFor(length: number): Bytes {
  return new Uint8Array(length);
}

export function zeros(length: number): Bytes {
  return new Uint8Array(length);
}

export function bytesIn({ buffer, byteOffset, byteLength }: ArrayBufferView): Bytes {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function bytesOfMemory(memory: ArrayBufferLike, length: number = memory.byteLength): Bytes {
  return new Uint8Array(memory, 0, length);
}

export function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

export function copyOf(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes);
}

export function copyBytes(source: Bytes, target: Uint8Array, at: number, from: number, to: number): void {
  target.set(source.subarray(from, to), at);
}

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) return a[at]! < b[at]! ? -1 : 1;
  return Math.sign(a.length - b.length);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes as Uint8Array<ArrayBuffer>);
}

export function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += DIGITS[byte];
  return hex;
}

export function fromHex(hex: string): Bytes {
  return Uint8Array.from({ length: hex.length >> 1 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

export function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE)
    text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  return btoa(text);
}

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function base64UrlOf(bytes: Uint8Array): string {
  return base64Of(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64Url(text: string): Bytes {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
