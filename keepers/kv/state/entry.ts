/** What a key holds since a version of its stream. */
export interface Entry {
  /** Number of the batch that wrote it. */
  readonly version: number;
  /** Undefined when it was deleted. */
  readonly value: Buffer | undefined;
}

export type Living = Entry & { readonly value: Buffer };

/** Nothing for what was deleted. */
export function living(entry: Entry | undefined): Living | undefined {
  return entry?.value === undefined ? undefined : { version: entry.version, value: entry.value };
}

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
  const version = bytes.readUInt32BE(FLAGS_BYTES) * 2 ** 32 + bytes.readUInt32BE(FLAGS_BYTES + 4);
  return { version, value: isDeleted(bytes) ? undefined : bytes.subarray(HEADER_BYTES) };
}

/** Whether a serialised entry is of a key that was deleted. */
export function isDeleted(bytes: Buffer): boolean {
  return bytes[0] === DELETED;
}
