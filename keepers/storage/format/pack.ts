import { FatalError } from "../../runtime/errors.ts";
import { type Bytes, compareBytes, roomFor, sameBytes, viewOf } from "../../runtime/platform/bytes.ts";
import { sha256Of } from "../../runtime/platform/hashes.ts";
import { HASH_BYTES, MAX_MANIFEST_BYTES, MAX_SEGMENT_BYTES } from "./limits.ts";
import { manifestName } from "./manifestNode.ts";
import { nameOf } from "./names.ts";

/*
 * A pack is a segment that says what lies in it: "MYPK", version u16, count u16, then for each entry name (32), kind u8,
 * offset u32 (from the start of the pack), length u32, then the bytes; all big-endian. Entries rise by name and their
 * bytes follow each other in that order without a gap, so that one set of items has one pack.
 */

/** What an entry of a pack is: a small object, or a manifest of a large one. */
export type PackKind = "object" | "manifest";

export interface PackItem {
  readonly kind: PackKind;
  readonly bytes: Uint8Array;
}

export interface PackEntry {
  readonly name: Uint8Array;
  readonly kind: PackKind;
  /** From the start of the pack, bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface Pack {
  readonly bytes: Uint8Array;
  readonly entries: readonly PackEntry[];
}

const MAGIC = 0x4d_59_50_4b; // "MYPK"
const VERSION = 1;
const HEADER_BYTES = 8;
const ENTRY_BYTES = HASH_BYTES + 9;
const KINDS: readonly PackKind[] = ["object", "manifest"];
const OBJECT_DOMAIN = Uint8Array.of(0x03);

/** Largest object that is packed, bytes; a larger one has segments of its own. */
export const MAX_PACKED_OBJECT_BYTES = 256 * 1024;
/** Most entries of a pack. */
export const MAX_PACK_ENTRIES = 8_192;
/** Largest table of a pack, bytes. */
export const MAX_PACK_TABLE_BYTES = HEADER_BYTES + MAX_PACK_ENTRIES * ENTRY_BYTES;

const MAX_BYTES: Record<PackKind, number> = {
  object: MAX_PACKED_OBJECT_BYTES,
  manifest: MAX_MANIFEST_BYTES,
};

/** The name of an item: SHA-256(0x03 || bytes) of a small object, SHA-256(0x02 || bytes) of a manifest. */
export function nameOfItem({ kind, bytes }: PackItem): Uint8Array {
  if (kind === "manifest") return manifestName(bytes);
  return sha256Of([OBJECT_DOMAIN, bytes]);
}

/** Bytes of the table of a pack: header and entries. */
export function packTableBytes(entries: number): number {
  return HEADER_BYTES + entries * ENTRY_BYTES;
}

/**
 * Bytes of the table of the pack that starts with `start`; undefined when no pack does.
 * @param start at least the header
 */
export function announcedTableBytes(start: Uint8Array): number | undefined {
  if (start.length < HEADER_BYTES) return undefined;
  const view = viewOf(start);
  if (view.getUint32(0) !== MAGIC) return undefined;
  const count = view.getUint16(6);
  return count > MAX_PACK_ENTRIES ? undefined : packTableBytes(count);
}

/** Gathers items into one pack; the same content is taken once. */
export class PackBuilder {
  readonly #maxBytes: number;
  readonly #items = new Map<string, { readonly name: Uint8Array; readonly item: PackItem }>();
  #payload = 0;

  /** @param maxBytes largest pack, bytes; a segment's limit when absent */
  constructor(maxBytes: number = MAX_SEGMENT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#items.size;
  }

  /** Bytes of the pack as it is now. */
  get size(): number {
    return packTableBytes(this.#items.size) + this.#payload;
  }

  /**
   * Takes an item in and names it; undefined when it does not fit any more (into an empty pack everything fits).
   * @throws FatalError storage/empty-object, storage/object-too-large
   */
  add(item: PackItem): Uint8Array | undefined {
    checkLength(item, this.#maxBytes);
    const name = nameOfItem(item);
    const key = nameOf(name);
    if (this.#items.has(key)) return name;
    const size = packTableBytes(this.#items.size + 1) + this.#payload + item.bytes.length;
    if (size > this.#maxBytes || this.#items.size === MAX_PACK_ENTRIES) return undefined;
    this.#items.set(key, { name, item });
    this.#payload += item.bytes.length;
    return name;
  }

  /**
   * The pack of what was taken in.
   * @param take where its bytes get their room, which may hold anything
   * @throws FatalError storage/bad-pack when that is nothing
   */
  build(take: (bytes: number) => Bytes = roomFor): Pack {
    if (this.#items.size === 0) throw bad("it has no entry");
    const items = [...this.#items.values()].sort((a, b) => compareBytes(a.name, b.name));
    const bytes = take(this.size);
    const entries: PackEntry[] = [];
    const view = viewOf(bytes);
    view.setUint32(0, MAGIC);
    view.setUint16(4, VERSION);
    view.setUint16(6, items.length);
    let offset = packTableBytes(items.length);
    for (const [index, { name, item }] of items.entries()) {
      const entry = { name, kind: item.kind, offset, length: item.bytes.length };
      writeEntry(bytes, view, HEADER_BYTES + index * ENTRY_BYTES, entry);
      bytes.set(item.bytes, offset);
      offset += item.bytes.length;
      entries.push(entry);
    }
    return { bytes, entries };
  }
}

/**
 * Reads the table at the start of `input`, which may go on behind it. The names are not checked against any bytes.
 * @param packBytes bytes of the whole pack, where they are known
 * @throws FatalError storage/bad-pack unless it is the table of a pack of this size, as a builder writes it
 */
export function parsePackTable(input: Uint8Array, packBytes?: number): PackEntry[] {
  if (input.length < HEADER_BYTES) throw bad(`${input.length} bytes, shorter than its header`);
  const view = viewOf(input);
  if (view.getUint32(0) !== MAGIC) throw bad("it does not start with MYPK");
  if (view.getUint16(4) !== VERSION) throw bad(`version ${view.getUint16(4)}, known is ${VERSION}`);
  const count = view.getUint16(6);
  if (count === 0 || count > MAX_PACK_ENTRIES) throw bad(`${count} entries, not 1 to ${MAX_PACK_ENTRIES}`);
  if (input.length < packTableBytes(count)) throw bad(`${input.length} bytes for ${count} entries`);
  const entries = Array.from({ length: count }, (_, index) =>
    parseEntry(input, view, HEADER_BYTES + index * ENTRY_BYTES),
  );
  const end = checkOrder(entries);
  if (end > MAX_SEGMENT_BYTES) throw bad(`${end} bytes, more than ${MAX_SEGMENT_BYTES}`);
  if (packBytes !== undefined && end !== packBytes)
    throw bad(`its entries end at ${end}, the pack at ${packBytes}`);
  return entries;
}

/** Reads a whole pack and checks that every name is that of its bytes. @throws FatalError storage/bad-pack */
export function parsePack(bytes: Uint8Array): Pack {
  const entries = parsePackTable(bytes, bytes.length);
  for (const entry of entries) itemOf(bytes, entry);
  return { bytes, entries };
}

/** The item behind an entry; a view. @throws FatalError storage/bad-pack unless its bytes have the entry's name */
export function itemOf(pack: Uint8Array, { name, kind, offset, length }: PackEntry): PackItem {
  const item = { kind, bytes: pack.subarray(offset, offset + length) };
  if (sameBytes(nameOfItem(item), name)) return item;
  throw bad(`the bytes of entry ${nameOf(name)} have another name`);
}

function writeEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  { name, kind, offset, length }: PackEntry,
): void {
  bytes.set(name, at);
  view.setUint8(at + HASH_BYTES, KINDS.indexOf(kind) + 1);
  view.setUint32(at + HASH_BYTES + 1, offset);
  view.setUint32(at + HASH_BYTES + 5, length);
}

function parseEntry(bytes: Uint8Array, view: DataView, at: number): PackEntry {
  const number = view.getUint8(at + HASH_BYTES);
  const kind = KINDS[number - 1];
  if (kind === undefined) throw bad(`an entry of unknown kind ${number}`);
  return {
    name: Uint8Array.from(bytes.subarray(at, at + HASH_BYTES)),
    kind,
    offset: view.getUint32(at + HASH_BYTES + 1),
    length: view.getUint32(at + HASH_BYTES + 5),
  };
}

/** Names rise, so none comes twice; the bytes begin behind the table and leave no gap. Where they end. */
function checkOrder(entries: readonly PackEntry[]): number {
  let end = packTableBytes(entries.length);
  let last: Uint8Array | undefined;
  for (const { name, kind, offset, length } of entries) {
    if (last !== undefined && compareBytes(last, name) >= 0) throw bad("its names do not rise");
    if (offset !== end) throw bad(`entry ${nameOf(name)} starts at ${offset}, not at ${end}`);
    if (length === 0 || length > MAX_BYTES[kind])
      throw bad(`an entry of kind ${kind} with ${length} bytes, not 1 to ${MAX_BYTES[kind]}`);
    last = name;
    end += length;
  }
  return end;
}

function checkLength({ kind, bytes }: PackItem, maxBytes: number): void {
  if (bytes.length === 0)
    throw new FatalError("storage/empty-object", "an object has at least one byte; this one is empty");
  const most = Math.min(MAX_BYTES[kind], maxBytes - packTableBytes(1));
  if (bytes.length <= most) return;
  throw new FatalError(
    "storage/object-too-large",
    `${bytes.length} bytes are too many for a pack, which takes up to ${most} of kind ${kind}; store it in segments of its own`,
    { bytes: bytes.length, maxBytes: most },
  );
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-pack", `not a pack: ${reason}`, { reason });
}
