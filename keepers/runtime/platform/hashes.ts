import { createHash, createHmac, hash, hkdfSync, randomBytes } from "node:crypto";
import { type Bytes, bytesIn } from "./bytes.ts";

export function sha256(message: Uint8Array): Bytes {
  // A one-shot hash hands out a string of bytes in half the time that it needs for a buffer.
  return Buffer.from(hash("sha256", message, "binary"), "latin1");
}

/** Writes the hash of a message to `at` in `target`. */
export function writeSha256(message: Uint8Array, target: Bytes, at: number): void {
  target.write(hash("sha256", message, "binary"), at, "latin1");
}

/** SHA-256 of all pieces, one behind the other. */
export function sha256Of(pieces: Iterable<Uint8Array>): Bytes {
  const digest = createHash("sha256");
  for (const piece of pieces) digest.update(piece);
  return digest.digest();
}

export function hmacSha256(key: Uint8Array, ...pieces: readonly Uint8Array[]): Bytes {
  const mac = createHmac("sha256", key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest();
}

export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes {
  return bytesIn(new Uint8Array(hkdfSync("sha256", key, salt, info, length)));
}

/** Bytes that nobody can guess. */
export function freshBytes(length: number): Bytes {
  return randomBytes(length);
}
