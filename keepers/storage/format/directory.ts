import { FatalError } from "../../runtime/errors.ts";
import { HASH_BYTES } from "./limits.ts";

/*
 * A directory is an object that lists files: "MYDR", version u16 = 1, zero u16, count u32, then for each file object root
 * (32), size u64, path length u16, path (UTF-8); all big-endian. Paths rise byte by byte, so one set of files has one list.
 * Folders are what paths say; there are no empty ones.
 */

/** A file of a directory. */
export interface DirectoryEntry {
  /** Parts divided by "/"; relative, without "." and "..". */
  readonly path: string;
  readonly objectRoot: Uint8Array;
  /** Bytes that are stored. */
  readonly size: number;
}

const MAGIC = 0x4d_59_44_52; // "MYDR"
const VERSION = 1;
const HEADER_BYTES = 12;
const FIXED_BYTES = HASH_BYTES + 10;
/** Longest path, bytes. */
export const MAX_PATH_BYTES = 4_096;
/** Longest part of a path, bytes: what file systems take. */
const MAX_PART_BYTES = 255;
/** Most files of one directory. */
export const MAX_DIRECTORY_ENTRIES = 1_000_000;
/** Largest list, bytes. */
export const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;

/** Serialises a directory; the order of `entries` doesn't matter. @throws FatalError storage/bad-directory */
export function encodeDirectory(entries: readonly DirectoryEntry[]): Uint8Array {
  const items = entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.path, "utf8") }));
  items.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  checkEntries(items);
  const size = items.reduce((sum, { bytes }) => sum + FIXED_BYTES + bytes.length, HEADER_BYTES);
  if (size > MAX_DIRECTORY_BYTES) throw bad(`${size} bytes, more than ${MAX_DIRECTORY_BYTES}`);
  const out = Buffer.alloc(size);
  out.writeUInt32BE(MAGIC, 0);
  out.writeUInt16BE(VERSION, 4);
  out.writeUInt32BE(items.length, 8);
  let at = HEADER_BYTES;
  for (const { objectRoot, size: stored, bytes } of items) {
    out.set(objectRoot, at);
    out.writeBigUInt64BE(BigInt(stored), at + HASH_BYTES);
    out.writeUInt16BE(bytes.length, at + HASH_BYTES + 8);
    out.set(bytes, at + FIXED_BYTES);
    at += FIXED_BYTES + bytes.length;
  }
  return out;
}

/** Reads a directory from bytes of anybody; accepts exactly what `encodeDirectory` writes. @throws FatalError storage/bad-directory */
export function parseDirectory(input: Uint8Array): DirectoryEntry[] {
  if (input.length < HEADER_BYTES) throw bad(`${input.length} bytes, shorter than its header`);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (bytes.readUInt32BE(0) !== MAGIC) throw bad("it does not start with MYDR");
  if (bytes.readUInt16BE(4) !== VERSION) throw bad(`version ${bytes.readUInt16BE(4)}, known is ${VERSION}`);
  if (bytes.readUInt16BE(6) !== 0) throw bad("its reserved bytes are not zero");
  const count = bytes.readUInt32BE(8);
  const entries: (DirectoryEntry & { readonly bytes: Buffer })[] = [];
  let at = HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    const entry = parseEntry(bytes, at);
    entries.push(entry);
    at += FIXED_BYTES + entry.bytes.length;
  }
  if (at !== bytes.length) throw bad(`its files end at ${at}, it has ${bytes.length} bytes`);
  checkEntries(entries);
  return entries.map(({ path, objectRoot, size }) => ({ path, objectRoot, size }));
}

function parseEntry(bytes: Buffer, at: number): DirectoryEntry & { readonly bytes: Buffer } {
  if (at + FIXED_BYTES > bytes.length) throw bad("it ends inside a file's entry");
  const length = bytes.readUInt16BE(at + HASH_BYTES + 8);
  const end = at + FIXED_BYTES + length;
  if (end > bytes.length) throw bad("it ends inside a path");
  const size = bytes.readBigUInt64BE(at + HASH_BYTES);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`a file of ${size} bytes`);
  const path = bytes.subarray(at + FIXED_BYTES, end);
  return {
    path: path.toString("utf8"),
    bytes: path,
    objectRoot: Uint8Array.from(bytes.subarray(at, at + HASH_BYTES)),
    size: Number(size),
  };
}

/** Paths rise, each is sound, and none is a folder of another. */
function checkEntries(entries: readonly (DirectoryEntry & { readonly bytes: Buffer })[]): void {
  if (entries.length === 0 || entries.length > MAX_DIRECTORY_ENTRIES)
    throw bad(`${entries.length} files, not 1 to ${MAX_DIRECTORY_ENTRIES}`);
  const folders = new Set<string>();
  let last: Buffer | undefined;
  for (const { path, bytes, objectRoot, size } of entries) {
    const fault = pathFault(path, bytes);
    if (fault !== undefined) throw bad(`the path ${JSON.stringify(path.slice(0, 80))} ${fault}`);
    if (objectRoot.length !== HASH_BYTES) throw bad(`an object root of ${objectRoot.length} bytes`);
    if (!Number.isSafeInteger(size) || size < 1) throw bad(`a file of ${size} bytes`);
    if (last !== undefined && Buffer.compare(last, bytes) >= 0) throw bad("its paths do not rise");
    last = bytes;
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  }
  for (const { path } of entries)
    if (folders.has(path)) throw bad(`${JSON.stringify(path)} is both a file and a folder`);
}

/** Why a path can't be in a directory: it must name the same place on every file system, and never one outside. */
function pathFault(path: string, bytes: Buffer): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_PATH_BYTES) return `has ${bytes.length} bytes`;
  if (!path.isWellFormed() || !Buffer.from(path, "utf8").equals(bytes)) return "is no UTF-8";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/u.test(path)) return "has a control character or a backslash";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "has a part that is empty, . or ..";
    if (Buffer.byteLength(part) > MAX_PART_BYTES) return `has a part of more than ${MAX_PART_BYTES} bytes`;
  }
  return undefined;
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-directory", `not a directory: ${reason}`, { reason });
}
