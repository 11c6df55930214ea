/** What a key holds since a version of its stream. */
export interface Entry {
  /** Number of the batch that wrote it. */
  readonly version: number;
  /** Undefined when it was deleted. */
  readonly value: Buffer | undefined;
}

export type Living = Entry & { readonly value: Buffer };

const HEADER_BYTES = 9;
const DELETED = 1;
/** What stands before version and value, which the trie has the hash of. */
export const FLAGS_BYTES = 1;

/** Serialises an entry: flags u8 (1: deleted), version u64, value. */
export function encodeEntry({ version, value }: Entry): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + (value?.length ?? 0));
  bytes[0] = value === undefined ? DELETED : 0;
  bytes.writeUInt32BE(Math.floor(version / 2 ** 32), FLAGS_BYTES);
  bytes.writeUInt32BE(version >>> 0, FLAGS_BYTES + 4);
  if (value !== undefined) bytes.set(value, HEADER_BYTES);
  return bytes;
}

/** Reads an entry; the value is a view. */
export function parseEntry(bytes: Buffer): Entry {
  return parseLiving(bytes) ?? { version: versionOf(bytes), value: undefined };
}

/** Reads an entry, unless it is of a key that was deleted; the value is a view. */
export function parseLiving(bytes: Buffer): Living | undefined {
  return isDeleted(bytes) ? undefined : { version: versionOf(bytes), value: bytes.subarray(HEADER_BYTES) };
}

/** Version of a serialised entry. */
export function versionOf(bytes: Buffer): number {
  return bytes.readUInt32BE(FLAGS_BYTES) * 2 ** 32 + bytes.readUInt32BE(FLAGS_BYTES + 4);
}

/** Whether a serialised entry is of a key that was deleted. */
export function isDeleted(bytes: Buffer): boolean {
  return bytes[0] === DELETED;
}
