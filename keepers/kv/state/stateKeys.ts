import { writeVersion } from "./entry.ts";
import { joined, SPACES, type Space, type SpacedKey } from "./place.ts";

export { SPACES, type Space, type SpacedKey, spacedKey } from "./place.ts";

/*
 * Keys of the engine. A stream has a number of its own in it (u32), so that keys stay short:
 * "s" id                                    what is known of a stream
 * "l" stream space key                      the latest entry of a key
 * "h" stream space length(u16) key version  earlier entries
 * "v" stream space length(u16) key version  values that lie apart from their entries
 * "t" stream ...                            nodes of its trie
 * "c" stream checkpoint node                what a node of its trie was
 * "u" stream number                         keys that a batch has changed
 * "r" stream number                         what came of a batch
 */

/** Where the latest entry of a key lies: "l" stream space key. Whatever else is kept of the key is found by it. */
export type EntryKey = Buffer;

/** What stands before space and key. */
export const ENTRY_PREFIX_BYTES = 5;
const LATEST = 0x6c; // "l"
const HISTORY = 0x68; // "h"
const VALUE = 0x76; // "v"
const VERSION_BYTES = 8;

export function streamKey(id: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("s"), id]);
}

export function entryKey(stream: number, space: Space, ...parts: readonly Uint8Array[]): EntryKey {
  return startKey(joined(ENTRY_PREFIX_BYTES, space, parts), LATEST, stream);
}

/** As `entryKey` of a key of the data; there are too many to make lists of their parts. */
export function dataKey(stream: number, key: Uint8Array): EntryKey {
  const bytes = Buffer.allocUnsafe(ENTRY_PREFIX_BYTES + 1 + key.length);
  bytes[ENTRY_PREFIX_BYTES] = SPACES.data;
  bytes.set(key, ENTRY_PREFIX_BYTES + 1);
  return startKey(bytes, LATEST, stream);
}

/** The same of a space and a key that stand together already. */
export function entryKeyOf(stream: number, spaced: SpacedKey): EntryKey {
  const bytes = Buffer.allocUnsafe(ENTRY_PREFIX_BYTES + spaced.length);
  bytes.set(spaced, ENTRY_PREFIX_BYTES);
  return startKey(bytes, LATEST, stream);
}

export function historyKey(key: EntryKey, version: number): Buffer {
  return versionedKey(HISTORY, key, version);
}

export function valueKey(key: EntryKey, version: number): Buffer {
  return versionedKey(VALUE, key, version);
}

/** The key of an entry, its kind changed, a length behind its space, and a version behind all. */
function versionedKey(kind: number, key: EntryKey, version: number): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 2 + VERSION_BYTES);
  const keyAt = ENTRY_PREFIX_BYTES + 1;
  key.copy(bytes, 0, 0, keyAt);
  bytes[0] = kind;
  bytes.writeUInt16BE(key.length - keyAt, keyAt);
  key.copy(bytes, keyAt + 2, keyAt);
  writeVersion(bytes, version, key.length + 2);
  return bytes;
}

export function triePrefix(stream: number): Buffer {
  return numbered("t", stream);
}

/** Where what a node was at a checkpoint is kept; before all of them without a node. @param node its key in the trie */
export function checkpointKey(stream: number, checkpoint: number, node?: Buffer): Buffer {
  const place = numbered("c", stream, checkpoint);
  return node === undefined ? place : Buffer.concat([place, node.subarray(triePrefix(stream).length)]);
}

export function undoKey(stream: number, number: number): Buffer {
  return numbered("u", stream, number);
}

export function outcomeKey(stream: number, number: number): Buffer {
  return numbered("r", stream, number);
}

function numbered(kind: string, stream: number, number?: number): Buffer {
  const bytes = Buffer.allocUnsafe(number === undefined ? 5 : 13);
  bytes.write(kind, 0, "latin1");
  bytes.writeUInt32BE(stream, 1);
  if (number !== undefined) writeVersion(bytes, number, 5);
  return bytes;
}

function startKey(bytes: Buffer, kind: number, stream: number): Buffer {
  bytes[0] = kind;
  bytes.writeUInt32BE(stream, 1);
  return bytes;
}
