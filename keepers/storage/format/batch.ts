import { getBytes, keccak256, toBeHex } from "ethers";
import type { Shape } from "../../coding/codec.ts";
import { MountainRange } from "../../coding/mountainRange.ts";
import { FatalError } from "../../runtime/errors.ts";
import { concatBytes, viewOf, zeros } from "../../runtime/platform/bytes.ts";
import { HASH_BYTES, SLOTS } from "./limits.ts";
import { shapeFault } from "./shapeRules.ts";

/** A segment as a batch publishes it. */
export interface BatchSegment {
  readonly commitment: Uint8Array;
  readonly shape: Shape;
}

/** A segment and where it stands in its batch. */
export interface PlacedSegment extends BatchSegment {
  /** Place in the batch. */
  readonly index: number;
  /** Units of the segments before it. */
  readonly start: bigint;
  readonly units: bigint;
}

/** The segments of a batch, and how many units they have together. */
export interface BatchPlaces {
  readonly segments: readonly PlacedSegment[];
  readonly units: bigint;
}

/** A batch laid out: what the log knows of it, and proofs of its segments. */
export interface BatchLayout extends BatchPlaces {
  readonly root: Uint8Array;
  /** RFC 9162 path of a segment's leaf, bottom to top. */
  prove(index: number): Uint8Array[];
}

/** Most segments of one batch, as in StorageLog. */
export const MAX_BATCH_SEGMENTS = 65_536;
/** Bytes of one segment in a list. */
export const ENTRY_BYTES = HASH_BYTES + 12;
/** Largest serialised list of segments, bytes. */
export const MAX_BATCH_BYTES = MAX_BATCH_SEGMENTS * ENTRY_BYTES;
const UNIT_BYTES = 64;
const WORD = 32;

/** Units of a segment: 64 bytes of rows in each of 256 slots. */
export function unitsOf({ k, n, rowSize }: Shape): bigint {
  return BigInt(((k + n) / SLOTS) * (rowSize / UNIT_BYTES));
}

/** Leaf data of a segment: keccak256(abi.encode(commitment, k, n, rowSize, start)), as IStorageLog.segmentLeaf. */
export function segmentLeaf({ commitment, shape }: BatchSegment, start: bigint): Uint8Array {
  const words = [shape.k, shape.n, shape.rowSize, start].map((value) => getBytes(toBeHex(value, WORD)));
  return getBytes(keccak256(concatBytes([commitment, ...words])));
}

/** Lays segments out one after the other, in their order. */
export function layOut(segments: readonly BatchSegment[]): BatchLayout {
  const range = new MountainRange();
  const places = placesOf(segments);
  for (const { start, ...segment } of places.segments) range.append(segmentLeaf(segment, start));
  return { ...places, root: range.root(), prove: (index) => range.prove(index) };
}

/** Where segments stand in their batch: what a layout says without hashing anything. */
export function placesOf(segments: readonly BatchSegment[]): BatchPlaces {
  let units = 0n;
  const placed = segments.map((segment, index) => {
    const start = units;
    units += unitsOf(segment.shape);
    return { ...segment, index, start, units: units - start };
  });
  return { segments: placed, units };
}

/** Serialises the list of a batch's segments: for each commitment (32), k u32, n u32, rowSize u32; big-endian. */
export function encodeBatch(segments: readonly BatchSegment[]): Uint8Array {
  const bytes = zeros(segments.length * ENTRY_BYTES);
  const view = viewOf(bytes);
  for (const [i, { commitment, shape }] of segments.entries()) {
    bytes.set(commitment, i * ENTRY_BYTES);
    [shape.k, shape.n, shape.rowSize].forEach((value, field) => {
      view.setUint32(i * ENTRY_BYTES + HASH_BYTES + 4 * field, value);
    });
  }
  return bytes;
}

/**
 * Reads a list of segments that fills `input` exactly. It proves itself only by its root (see `layOut`).
 * @throws FatalError storage/bad-batch
 */
export function parseBatch(input: Uint8Array): BatchSegment[] {
  if (input.length === 0 || input.length % ENTRY_BYTES !== 0 || input.length > MAX_BATCH_BYTES) {
    throw bad(`${input.length} bytes are no list of 1 to ${MAX_BATCH_SEGMENTS} segments`);
  }
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  return Array.from({ length: input.length / ENTRY_BYTES }, (_, i) => {
    const at = i * ENTRY_BYTES;
    const number = (field: number) => view.getUint32(at + HASH_BYTES + 4 * field);
    const shape = { k: number(0), n: number(1), rowSize: number(2) };
    const fault = shapeFault(shape);
    if (fault !== undefined) throw bad(`segment ${i}: ${fault}`);
    return { commitment: Uint8Array.from(input.subarray(at, at + HASH_BYTES)), shape };
  });
}

/** The segment in which a unit of the batch lies. */
export function segmentAt({ segments, units }: BatchPlaces, unit: bigint): PlacedSegment {
  if (unit < 0n || unit >= units) throw bad(`it has no unit ${unit}, it has ${units}`);
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (segments[middle]!.start <= unit) low = middle;
    else high = middle - 1;
  }
  return segments[low]!;
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-batch", `not a batch: ${reason}`, { reason });
}
