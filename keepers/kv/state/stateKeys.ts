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

/** What a key is of: the stream's data, who may do what, the last nonce of a writer, or how many there are of something. */
export const SPACES = { data: 0, access: 1, nonces: 2, counts: 3 } as const;
export type Space = (typeof SPACES)[keyof typeof SPACES];

/** A space (1 byte) and a key in it. */
export type SpacedKey = Buffer;

const VERSION_BYTES = 8;

export function spacedKey(space: Space, ...parts: readonly Uint8Array[]): SpacedKey {
  const bytes = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 1));
  bytes[0] = space;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function streamKey(id: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("s"), id]);
}

export function latestKey(stream: number, key: SpacedKey): Buffer {
  const bytes = Buffer.allocUnsafe(5 + key.length);
  bytes[0] = 0x6c; // "l"
  bytes.writeUInt32BE(stream, 1);
  bytes.set(key, 5);
  return bytes;
}

/** As `latestKey` of a key of the data, without another copy of it. */
export function latestDataKey(stream: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(6 + key.length);
  bytes[0] = 0x6c; // "l"
  bytes.writeUInt32BE(stream, 1);
  bytes[5] = SPACES.data;
  bytes.set(key, 6);
  return bytes;
}

export function historyKey(stream: number, key: SpacedKey, version: number): Buffer {
  return versionedKey(0x68, stream, key, version); // "h"
}

export function valueKey(stream: number, key: SpacedKey, version: number): Buffer {
  return versionedKey(0x76, stream, key, version); // "v"
}

function versionedKey(kind: number, stream: number, key: SpacedKey, version: number): Buffer {
  const bytes = Buffer.allocUnsafe(7 + key.length + VERSION_BYTES);
  bytes[0] = kind;
  bytes.writeUInt32BE(stream, 1);
  bytes[5] = key[0]!;
  bytes.writeUInt16BE(key.length - 1, 6);
  key.copy(bytes, 8, 1);
  bytes.writeBigUInt64BE(BigInt(version), 7 + key.length);
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
  if (number !== undefined) bytes.writeBigUInt64BE(BigInt(number), 5);
  return bytes;
}
