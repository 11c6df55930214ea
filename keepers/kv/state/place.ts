import { type Bytes, roomFor, viewOf } from "../../runtime/platform/bytes.ts";
import { sha256 } from "../../runtime/platform/hashes.ts";

/** What a key is of: the stream's data, who may do what, the last nonce of a writer, or how many there are of something. */
export const SPACES = { data: 0, access: 1, nonces: 2, counts: 3 } as const;
export type Space = (typeof SPACES)[keyof typeof SPACES];

/** A space (1 byte) and a key in it. */
export type SpacedKey = Bytes;

/** What a key holds since a version of its stream. */
export interface Entry {
  /** Number of the batch that wrote it. */
  readonly version: number;
  /** Undefined when it was deleted, and for one that was read of a large value. */
  readonly value: Bytes | undefined;
}

export type Living = Entry & { readonly value: Bytes };

const VERSION_BYTES = 8;

export function spacedKey(space: Space, ...parts: readonly Uint8Array[]): SpacedKey {
  return joined(0, space, parts);
}

/** Writes space and parts end to end, `room` bytes behind the start. */
export function joined(room: number, space: Space, parts: readonly Uint8Array[]): Bytes {
  const bytes = roomFor(parts.reduce((sum, { length }) => sum + length, room + 1));
  bytes[room] = space;
  let at = room + 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Where a key belongs in the trie. */
export function placeOf(key: SpacedKey): Bytes {
  return sha256(key);
}

/** What the trie has of an entry: SHA-256(version u64 || value). */
export function contentOf(version: number, value: Uint8Array): Bytes {
  const bytes = roomFor(VERSION_BYTES + value.length);
  viewOf(bytes).setBigUint64(0, BigInt(version));
  bytes.set(value, VERSION_BYTES);
  return sha256(bytes);
}
