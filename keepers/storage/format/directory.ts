import { FatalError } from "../../runtime/errors.ts";
import {
  type Bytes,
  compareBytes,
  concatBytes,
  copyOf,
  sameBytes,
  textOf,
  utf8,
  viewOf,
  zeros,
} from "../../runtime/platform/bytes.ts";
import { HASH_BYTES } from "./limits.ts";
import { nameOfItem, type PackKind } from "./pack.ts";

/*
 * A directory is an object that lists files: "MYDR", version u16 = 1, zero u16, count u32, then for each file object root
 * (32), size u64, kind u8 (1 object, 2 manifest), path length u16, path (UTF-8); all big-endian. Paths rise byte by byte,
 * so one set of files has one list, and a file comes before what would lie in a folder of its name. Folders are what paths
 * say; there are no empty ones. An empty file has no object: its root is the name of no bytes.
 */

/** A file of a directory. */
export interface DirectoryEntry {
  /** Parts divided by "/"; relative, without "." and "..". */
  readonly path: string;
  readonly objectRoot: Uint8Array;
  /** Bytes that are stored: of an encrypted file more than are inside. */
  readonly size: number;
  readonly kind: PackKind;
}

/** What an empty file has for its object root. */
export const EMPTY_FILE: Pick<DirectoryEntry, "objectRoot" | "size" | "kind"> = {
  objectRoot: nameOfItem({ kind: "object", bytes: new Uint8Array() }),
  size: 0,
  kind: "object",
};

const MAGIC = 0x4d_59_44_52; // "MYDR"
const VERSION = 1;
const HEADER_BYTES = 12;
const FIXED_BYTES = HASH_BYTES + 11;
const KINDS: readonly PackKind[] = ["object", "manifest"];
/** Longest path, bytes. */
export const MAX_PATH_BYTES = 4_096;
/** Longest part of a path, bytes: what file systems take. */
const MAX_PART_BYTES = 255;
/** Most files of one directory. */
const MAX_ENTRIES = 1_000_000;
/** Bytes of a list that are written at once. */
const PIECE_BYTES = 64 * 1024;
const SLASH = "/".charCodeAt(0);

/**
 * Serialises a directory, in pieces; the order of `entries` doesn't matter.
 * @throws FatalError storage/bad-directory
 */
export function* encodeDirectory(entries: readonly DirectoryEntry[]): Generator<Uint8Array> {
  if (entries.length === 0 || entries.length > MAX_ENTRIES)
    throw bad(`${entries.length} files, not 1 to ${MAX_ENTRIES}`);
  const items = entries.map((entry) => ({ entry, bytes: utf8(entry.path) }));
  items.sort((a, b) => compareBytes(a.bytes, b.bytes));
  const order = new PathOrder();
  const header = zeros(HEADER_BYTES);
  const view = viewOf(header);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  view.setUint32(8, items.length);
  let piece: Uint8Array[] = [header];
  let size = HEADER_BYTES;
  for (const { entry, bytes } of items) {
    checkEntry(entry, bytes);
    order.next(bytes);
    const encoded = encodeEntry(entry, bytes);
    piece.push(encoded);
    size += encoded.length;
    if (size < PIECE_BYTES) continue;
    yield concatBytes(piece);
    [piece, size] = [[], 0];
  }
  if (size > 0) yield concatBytes(piece);
}

/**
 * Reads a directory from bytes of anybody, as they come; accepts exactly what `encodeDirectory` writes. It holds one entry.
 * @throws FatalError storage/bad-directory
 */
export async function* parseDirectory(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<DirectoryEntry> {
  const parser = new DirectoryParser();
  for await (const chunk of source) yield* parser.push(chunk);
  parser.end();
}

class DirectoryParser {
  readonly #order = new PathOrder();
  #rest: Bytes = zeros(0);
  #left: number | undefined;

  *push(chunk: Uint8Array): Generator<DirectoryEntry> {
    const bytes = concatBytes([this.#rest, chunk]);
    let at = 0;
    if (this.#left === undefined) {
      this.#rest = bytes;
      if (bytes.length < HEADER_BYTES) return;
      this.#left = parseCount(bytes);
      at = HEADER_BYTES;
    }
    while (this.#left > 0 && bytes.length - at >= FIXED_BYTES) {
      const length = lengthAt(bytes, at);
      if (bytes.length - at < length) break;
      yield this.#entry(bytes.subarray(at, at + length));
      at += length;
      this.#left--;
    }
    this.#rest = copyOf(bytes.subarray(at));
    if (this.#left === 0 && this.#rest.length > 0) throw bad("bytes follow its last file");
  }

  end(): void {
    if (this.#left !== 0) throw bad("it ends before its last file");
  }

  #entry(bytes: Bytes): DirectoryEntry {
    const view = viewOf(bytes);
    const size = view.getBigUint64(HASH_BYTES);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`a file of ${size} bytes`);
    const number = view.getUint8(HASH_BYTES + 8);
    const kind = KINDS[number - 1];
    if (kind === undefined) throw bad(`a file of unknown kind ${number}`);
    const path = bytes.subarray(FIXED_BYTES);
    const entry: DirectoryEntry = {
      path: textOf(path),
      objectRoot: Uint8Array.from(bytes.subarray(0, HASH_BYTES)),
      size: Number(size),
      kind,
    };
    checkEntry(entry, path);
    this.#order.next(path);
    return entry;
  }
}

/** Paths rise, and none lies in a folder that is a file. */
class PathOrder {
  #last: Bytes | undefined;
  /** Files whose paths the last one begins with: only they can be its folders, and all of them have just come. */
  #open: Bytes[] = [];

  next(path: Bytes): void {
    if (this.#last !== undefined && compareBytes(this.#last, path) >= 0)
      throw bad(
        sameBytes(this.#last, path) ? `${quoted(textOf(path))} comes twice` : "its paths do not rise",
      );
    this.#open = this.#open.filter((file) => sameBytes(path.subarray(0, file.length), file));
    const file = this.#open.find(({ length }) => path[length] === SLASH);
    if (file !== undefined) throw bad(`${quoted(textOf(file))} is both a file and a folder`);
    this.#last = copyOf(path);
    this.#open.push(this.#last);
  }
}

function parseCount(bytes: Bytes): number {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== MAGIC) throw bad("it does not start with MYDR");
  if (view.getUint16(4) !== VERSION) throw bad(`version ${view.getUint16(4)}, known is ${VERSION}`);
  if (view.getUint16(6) !== 0) throw bad("its reserved bytes are not zero");
  const count = view.getUint32(8);
  if (count > 0 && count <= MAX_ENTRIES) return count;
  throw bad(`${count} files, not 1 to ${MAX_ENTRIES}`);
}

/** Bytes of the entry that starts at `at`. */
function lengthAt(bytes: Bytes, at: number): number {
  const path = viewOf(bytes).getUint16(at + HASH_BYTES + 9);
  if (path > MAX_PATH_BYTES) throw bad(`a path of ${path} bytes, more than ${MAX_PATH_BYTES}`);
  return FIXED_BYTES + path;
}

function encodeEntry({ objectRoot, size, kind }: DirectoryEntry, path: Bytes): Bytes {
  const bytes = zeros(FIXED_BYTES + path.length);
  bytes.set(objectRoot, 0);
  const view = viewOf(bytes);
  view.setBigUint64(HASH_BYTES, BigInt(size));
  view.setUint8(HASH_BYTES + 8, KINDS.indexOf(kind) + 1);
  view.setUint16(HASH_BYTES + 9, path.length);
  bytes.set(path, FIXED_BYTES);
  return bytes;
}

function checkEntry({ path, objectRoot, size, kind }: DirectoryEntry, bytes: Bytes): void {
  requirePath(path, bytes);
  if (objectRoot.length !== HASH_BYTES) throw bad(`an object root of ${objectRoot.length} bytes`);
  if (!Number.isSafeInteger(size) || size < 0) throw bad(`a file of ${size} bytes`);
  const isEmptyRoot = sameBytes(objectRoot, EMPTY_FILE.objectRoot);
  if ((size === 0) !== isEmptyRoot || (isEmptyRoot && kind !== EMPTY_FILE.kind))
    throw bad(`${quoted(path)} has ${size} bytes under the ${isEmptyRoot ? "" : "not "}empty root`);
}

/** @throws FatalError storage/bad-directory for a path that no directory has */
export function requirePath(path: string, bytes: Bytes = utf8(path)): void {
  const fault = pathFault(path, bytes);
  if (fault !== undefined) throw bad(`the path ${quoted(path)} ${fault}`);
}

/** Why a path can't be in a directory: it must name the same place on every file system, and never one outside. */
function pathFault(path: string, bytes: Bytes): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_PATH_BYTES) return `has ${bytes.length} bytes`;
  if (!path.isWellFormed() || !sameBytes(utf8(path), bytes)) return "is no UTF-8";
  if (/[\p{Cc}\\]/u.test(path)) return "has a control character or a backslash";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "has a part that is empty, . or ..";
    if (utf8(part).length > MAX_PART_BYTES) return `has a part of more than ${MAX_PART_BYTES} bytes`;
  }
  return undefined;
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 80));
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-directory", `not a directory: ${reason}`, { reason });
}
