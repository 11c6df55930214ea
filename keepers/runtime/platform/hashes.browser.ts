import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as hasher } from "@noble/hashes/sha2.js";
import type { Bytes } from "./bytes.browser.ts";

/** As hashes.ts. WebCrypto hashes only behind a promise, which trees of thousands of small hashes can't wait for. */
export function sha256(message: Uint8Array): Bytes {
  return hasher(message);
}

export function writeSha256(message: Uint8Array, target: Bytes, at: number): void {
  target.set(hasher(message), at);
}

export function sha256Of(pieces: Iterable<Uint8Array>): Bytes {
  const digest = hasher.create();
  for (const piece of pieces) digest.update(piece);
  return digest.digest();
}

export function hmacSha256(key: Uint8Array, ...pieces: readonly Uint8Array[]): Bytes {
  const mac = hmac.create(hasher, key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest();
}

export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes {
  return hkdf(hasher, key, salt, info, length);
}

export function freshBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}
