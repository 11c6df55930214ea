import { contentOf, type Entry } from "./place.ts";

export type { Entry, Living } from "./place.ts";

const VERSION_BYTES = 8;
/** What stands before version and value, which the trie has the hash of. */
export const FLAGS_BYTES = 1;
const HEADER_BYTES = FLAGS_BYTES + VERSION_BYTES;
const DELETED = 1;
const APART = 2;
/** Longest value that lies in its entry: a batch may name many keys, and what they hold is not to be read for each. */
const MOST_INSIDE = 512;

/**
 * Serialises an entry: flags u8 (1: deleted, 2: the value lies apart), version u64, and the value, or the trie's content of one that
 * lies apart.
 */
export function encodeEntry(version: number, value: Uint8Array | undefined): Buffer {
  const content = liesApart(value) ? contentOf(version, value) : value;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + (content?.length ?? 0));
  bytes[0] = value === undefined ? DELETED : content === value ? 0 : APART;
  writeVersion(bytes, version, FLAGS_BYTES);
  if (content !== undefined) bytes.set(content, HEADER_BYTES);
  return bytes;
}

/** Whether a value is too long for its entry. */
export function liesApart(value: Uint8Array | undefined): value is Uint8Array {
  return value !== undefined && value.length > MOST_INSIDE;
}

/** Reads an entry; the value is a view. */
export function parseEntry(bytes: Buffer): Entry {
  return { version: versionOf(bytes), value: bytes[0] === 0 ? bytes.subarray(HEADER_BYTES) : undefined };
}

/** What the trie has of a serialised entry whose value lies apart; undefined for any other. */
export function contentIn(bytes: Buffer): Buffer | undefined {
  return isApart(bytes) ? bytes.subarray(HEADER_BYTES) : undefined;
}

/** Whether a serialised entry's value lies apart. */
export function isApart(bytes: Buffer): boolean {
  return bytes[0] === APART;
}

/** Writes a version as u64, without the way over a bigint. */
export function writeVersion(bytes: Buffer, version: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(version / 2 ** 32), at);
  bytes.writeUInt32BE(version >>> 0, at + 4);
}

/** Version of a serialised entry. */
export function versionOf(bytes: Buffer): number {
  return bytes.readUInt32BE(FLAGS_BYTES) * 2 ** 32 + bytes.readUInt32BE(FLAGS_BYTES + 4);
}

/** Whether a serialised entry is of a key that was deleted. */
export function isDeleted(bytes: Buffer): boolean {
  return bytes[0] === DELETED;
}
