import type { EncodedSegment, RowChecker, Shape } from "../../coding/codec.ts";
import { rootFromPath, rootOfRows } from "../../coding/merkle.ts";
import { FatalError } from "../../runtime/errors.ts";
import { sameBytes } from "../../runtime/platform/bytes.ts";
import { HASH_BYTES, SLOTS, STRIP_PATH_HASHES } from "./limits.ts";
import { rowsPerStrip } from "./placement.ts";

/**
 * The rows of one slot: consecutive rows whose Merkle subtree is whole, so that one path of eight hashes serves them all
 * (a path for every row would add two fifths to what is sent and stored).
 */
export interface Strip {
  /** 0..255; the strip's first row is number * (k + n) / 256. */
  readonly number: number;
  /** Eight hashes from the strip's root up to the row root, bottom to top. */
  readonly path: Uint8Array;
  /** The rows, one after the other. */
  readonly rows: Uint8Array;
}

const NUMBER_BYTES = 2;
const PATH_BYTES = STRIP_PATH_HASHES * HASH_BYTES;
/** Bytes of a serialised strip before its rows. */
export const STRIP_HEADER_BYTES = NUMBER_BYTES + PATH_BYTES;

/** Bytes of a serialised strip: number u16 (big-endian), path, rows. */
export function stripBytes(shape: Shape): number {
  return STRIP_HEADER_BYTES + rowsPerStrip(shape) * shape.rowSize;
}

/** Takes a strip out of an encoded segment. */
export function stripOf(segment: EncodedSegment, number: number): Strip {
  const count = rowsPerStrip(segment.shape);
  const rows = new Uint8Array(count * segment.shape.rowSize);
  segment.copyRows(number * count, count, rows, 0);
  return { number, path: pathOf(segment, number), rows };
}

/** Serialises a strip of an encoded segment into `target` at `offset`; returns the offset after it. */
export function writeStripOf(
  segment: EncodedSegment,
  number: number,
  target: Uint8Array,
  offset: number,
): number {
  const count = rowsPerStrip(segment.shape);
  const start = writeHeader(number, pathOf(segment, number), target, offset);
  segment.copyRows(number * count, count, target, start);
  return start + count * segment.shape.rowSize;
}

function pathOf(segment: EncodedSegment, number: number): Uint8Array {
  const path = segment.rowPath(number * rowsPerStrip(segment.shape));
  return path.subarray(path.length - PATH_BYTES);
}

/** Serialises a strip into `target` at `offset`; returns the offset after it. */
export function writeStrip(strip: Strip, target: Uint8Array, offset: number): number {
  const start = writeHeader(strip.number, strip.path, target, offset);
  target.set(strip.rows, start);
  return start + strip.rows.length;
}

function writeHeader(number: number, path: Uint8Array, target: Uint8Array, offset: number): number {
  target[offset] = number >> 8;
  target[offset + 1] = number & 0xff;
  target.set(path, offset + NUMBER_BYTES);
  return offset + STRIP_HEADER_BYTES;
}

/**
 * Reads `count` strips that fill `bytes` exactly, in rising order of their numbers; the strips are views.
 * @throws FatalError storage/bad-strips
 */
export function parseStrips(bytes: Uint8Array, count: number, shape: Shape): Strip[] {
  const each = stripBytes(shape);
  if (count > SLOTS) throw badStrips(`${count} strips, more than ${SLOTS}`);
  if (bytes.length !== count * each)
    throw badStrips(`${bytes.length} bytes for ${count} strips of ${each} bytes`);
  const strips: Strip[] = [];
  let last = -1;
  for (let at = 0; at < bytes.length; at += each) {
    const number = (bytes[at]! << 8) | bytes[at + 1]!;
    if (number >= SLOTS || number <= last) throw badStrips(`strip ${number} after strip ${last}`);
    last = number;
    const path = bytes.subarray(at + NUMBER_BYTES, at + STRIP_HEADER_BYTES);
    strips.push({ number, path, rows: bytes.subarray(at + STRIP_HEADER_BYTES, at + each) });
  }
  return strips;
}

/** The strip's rows by their index in the segment; views. */
export function rowsOf(strip: Strip, shape: Shape): Map<number, Uint8Array> {
  const first = strip.number * rowsPerStrip(shape);
  const rows = new Map<number, Uint8Array>();
  for (let at = 0; at < strip.rows.length; at += shape.rowSize) {
    rows.set(first + at / shape.rowSize, strip.rows.subarray(at, at + shape.rowSize));
  }
  return rows;
}

/**
 * Checks every row of a strip against the commitment behind `checker`, and the row root they lead to.
 * @throws RowRefusedError coding/row-refused, FatalError storage/wrong-row-root
 */
export function checkStrip(strip: Strip, shape: Shape, rowRoot: Uint8Array, checker: RowChecker): void {
  if (!checker.binds(rowRoot)) throw wrongRoot(strip);
  checker.checkRun(strip.number * rowsPerStrip(shape), strip.rows, strip.path);
}

/**
 * Checks that the rows of a strip are those under a row root; not that they are coded rightly.
 * @throws FatalError storage/wrong-row-root
 */
export function checkStripPath(strip: Strip, shape: Shape, rowRoot: Uint8Array): void {
  const root = rootFromPath(rootOfRows(strip.rows, shape.rowSize), strip.number, strip.path);
  if (!sameBytes(root, rowRoot)) throw wrongRoot(strip);
}

function wrongRoot(strip: Strip): FatalError {
  return new FatalError(
    "storage/wrong-row-root",
    `strip ${strip.number} does not lead to the row root of its segment`,
    { strip: strip.number },
  );
}

function badStrips(reason: string): FatalError {
  return new FatalError("storage/bad-strips", `not a run of strips: ${reason}`, { reason });
}
