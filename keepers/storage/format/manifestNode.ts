import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { viewOf, zeros } from "../../runtime/platform/bytes.ts";
import { sha256Of } from "../../runtime/platform/hashes.ts";
import { HASH_BYTES, MAX_MANIFEST_BYTES } from "./limits.ts";
import { shapeFault } from "./shapeRules.ts";

/*
 * The manifest of a large object is a tree. A leaf lists segments, an index the nodes below it. Every node but the last of
 * its level is full, so one run of segments has one tree and one name: "MYMF", version u16 = 2, level u8 (0: leaf), zero
 * u8, count u32, size u64; a leaf goes on with commitment (32), length u32, k u32, n u32, rowSize u32 a segment, an index
 * with name (32), size u64 a child; all big-endian.
 */

export interface ManifestSegment {
  /** RSEMA1D commitment, 32 bytes. */
  readonly commitment: Uint8Array;
  /** Object bytes in this segment; the coded form is padded with zeros to k * rowSize. */
  readonly length: number;
  readonly shape: Shape;
}

export interface ManifestChild {
  readonly name: Uint8Array;
  /** Object bytes under it. */
  readonly size: number;
}

export type ManifestNode =
  | { readonly level: 0; readonly size: number; readonly segments: readonly ManifestSegment[] }
  | { readonly level: number; readonly size: number; readonly children: readonly ManifestChild[] };

/** How many entries a node has at most; a tree is read with the limits that it was written with. */
export interface TreeLimits {
  readonly segmentsPerLeaf: number;
  readonly childrenPerIndex: number;
}

export const TREE_LIMITS: TreeLimits = { segmentsPerLeaf: 1_024, childrenPerIndex: 1_024 };

const ROOT_DOMAIN = Uint8Array.of(0x02);
const MAGIC = 0x4d_59_4d_46; // "MYMF"
const VERSION = 2;
const HEADER_BYTES = 20;
const SEGMENT_BYTES = HASH_BYTES + 16;
const CHILD_BYTES = HASH_BYTES + 8;
/** Two levels of indexes over leaves name 2^30 segments, 4 PiB. */
export const MAX_LEVEL = 2;

/** The name of a node, and of the object below it when it is the root: SHA-256(0x02 || bytes). */
export function manifestName(bytes: Uint8Array): Uint8Array {
  return sha256Of([ROOT_DOMAIN, bytes]);
}

/** Serialises a node. @throws FatalError storage/bad-manifest */
export function encodeNode(node: ManifestNode, limits: TreeLimits = TREE_LIMITS): Uint8Array {
  checkNode(node, limits);
  const entries = entriesOf(node);
  const bytes = zeros(HEADER_BYTES + entries.length * entryBytes(node.level));
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  view.setUint8(6, node.level);
  view.setUint32(8, entries.length);
  view.setBigUint64(12, BigInt(node.size));
  entries.forEach((entry, index) => {
    const at = HEADER_BYTES + index * entryBytes(node.level);
    if ("name" in entry) {
      bytes.set(entry.name, at);
      view.setBigUint64(at + HASH_BYTES, BigInt(entry.size));
      return;
    }
    bytes.set(entry.commitment, at);
    view.setUint32(at + 32, entry.length);
    view.setUint32(at + 36, entry.shape.k);
    view.setUint32(at + 40, entry.shape.n);
    view.setUint32(at + 44, entry.shape.rowSize);
  });
  return bytes;
}

/** Reads a node from bytes of anybody; accepts exactly what `encodeNode` writes. @throws FatalError storage/bad-manifest */
export function parseNode(input: Uint8Array, limits: TreeLimits = TREE_LIMITS): ManifestNode {
  if (input.length > MAX_MANIFEST_BYTES)
    throw badManifest(`${input.length} bytes, more than ${MAX_MANIFEST_BYTES}`);
  if (input.length < HEADER_BYTES) throw badManifest(`${input.length} bytes, shorter than its header`);
  const view = viewOf(input);
  if (view.getUint32(0) !== MAGIC) throw badManifest("it does not start with MYMF");
  if (view.getUint16(4) !== VERSION) throw badManifest(`version ${view.getUint16(4)}, known is ${VERSION}`);
  const level = view.getUint8(6);
  if (level > MAX_LEVEL) throw badManifest(`level ${level}, more than ${MAX_LEVEL}`);
  if (view.getUint8(7) !== 0) throw badManifest("its reserved byte is not zero");
  const count = view.getUint32(8);
  if (input.length !== HEADER_BYTES + count * entryBytes(level))
    throw badManifest(`${input.length} bytes for ${count} entries of level ${level}`);
  const size = sizeAt(view, 12);
  const starts = Array.from({ length: count }, (_, index) => HEADER_BYTES + index * entryBytes(level));
  const node: ManifestNode =
    level === 0
      ? { level, size, segments: starts.map((at) => parseSegment(input, view, at)) }
      : { level, size, children: starts.map((at) => parseChild(input, view, at)) };
  checkNode(node, limits);
  return node;
}

/** What a node lists: segments in a leaf, nodes below in an index. */
export function entriesOf(node: ManifestNode): readonly (ManifestSegment | ManifestChild)[] {
  return "segments" in node ? node.segments : node.children;
}

function entryBytes(level: number): number {
  return level === 0 ? SEGMENT_BYTES : CHILD_BYTES;
}

function parseSegment(bytes: Uint8Array, view: DataView, at: number): ManifestSegment {
  return {
    commitment: Uint8Array.from(bytes.subarray(at, at + HASH_BYTES)),
    length: view.getUint32(at + 32),
    shape: {
      k: view.getUint32(at + 36),
      n: view.getUint32(at + 40),
      rowSize: view.getUint32(at + 44),
    },
  };
}

function parseChild(bytes: Uint8Array, view: DataView, at: number): ManifestChild {
  return {
    name: Uint8Array.from(bytes.subarray(at, at + HASH_BYTES)),
    size: sizeAt(view, at + HASH_BYTES),
  };
}

function sizeAt(view: DataView, at: number): number {
  const size = view.getBigUint64(at);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw badManifest(`size ${size}, more than 2^53 - 1`);
  return Number(size);
}

function checkNode(node: ManifestNode, limits: TreeLimits): void {
  const entries = entriesOf(node);
  const most = node.level === 0 ? limits.segmentsPerLeaf : limits.childrenPerIndex;
  if (entries.length === 0 || entries.length > most)
    throw badManifest(`${entries.length} entries, not 1 to ${most}`);
  let sum = 0;
  for (const [index, entry] of entries.entries()) {
    const fault = "name" in entry ? childFault(entry) : segmentFault(entry);
    if (fault !== undefined) throw badManifest(`entry ${index}: ${fault}`);
    sum += "name" in entry ? entry.size : entry.length;
  }
  if (sum !== node.size) throw badManifest(`size ${node.size}, but its entries hold ${sum} bytes`);
}

function childFault({ name, size }: ManifestChild): string | undefined {
  if (name.length !== HASH_BYTES) return `a name of ${name.length} bytes`;
  return Number.isSafeInteger(size) && size > 0 ? undefined : `size ${size} is no positive integer`;
}

function segmentFault({ commitment, length, shape }: ManifestSegment): string | undefined {
  if (commitment.length !== HASH_BYTES) return `a commitment of ${commitment.length} bytes`;
  const fault = shapeFault(shape);
  if (fault !== undefined) return fault;
  if (Number.isSafeInteger(length) && length > 0 && length <= shape.k * shape.rowSize) return undefined;
  return `length ${length} is not 1 to k * rowSize = ${shape.k * shape.rowSize}`;
}

export function badManifest(reason: string): FatalError {
  return new FatalError("storage/bad-manifest", `not a manifest: ${reason}`, { reason });
}
