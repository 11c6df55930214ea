import type { Codec, EncodedSegment, Shape } from "../../coding/codec.ts";
import { merkleTree, nodeOf } from "../../coding/merkle.ts";
import { FatalError } from "../../runtime/errors.ts";
import {
  type Bytes,
  concatBytes,
  fromHex,
  hexOf,
  roomFor,
  sameBytes,
  viewOf,
  zeros,
} from "../../runtime/platform/bytes.ts";
import { sha256 } from "../../runtime/platform/hashes.ts";
import { HASH_BYTES, MAX_SEGMENT_BYTES, MAX_SLOTS_PER_MEMBER, RLC_BYTES, SLOTS } from "./limits.ts";
import { shapeFault } from "./shapeRules.ts";
import {
  parseStrips,
  STRIP_HEADER_BYTES,
  type Strip,
  stripBytes,
  writeStrip,
  writeStripOf,
} from "./stripFormat.ts";

const MAGIC = 0x4d_59_53_48; // "MYSH"
const VERSION = 1;
const FIXED_BYTES = 20 + HASH_BYTES;
const COUNT_BYTES = 2;
const SET_BYTES = SLOTS / 8;
const MAX_ORIGINAL_ROWS = 32_768;

/** Most bytes of one answer with strips; what does not fit is asked for again. */
export const MAX_STRIPS_ANSWER_BYTES = 2 * 1024 * 1024;
/** Largest head, bytes. */
export const MAX_HEAD_BYTES = FIXED_BYTES + RLC_BYTES * MAX_ORIGINAL_ROWS;
/** Largest strip, bytes: a 256th of the rows of a whole segment with three parity rows for each original one. */
export const MAX_STRIP_BYTES = (4 * MAX_SEGMENT_BYTES) / SLOTS + STRIP_HEADER_BYTES;
/** Largest upload of one member's strips with the head, bytes. */
export const MAX_UPLOAD_BYTES = MAX_HEAD_BYTES + COUNT_BYTES + MAX_SLOTS_PER_MEMBER * MAX_STRIP_BYTES;

/** What is needed to check any row of a segment; with the commitment it proves itself (see `checkHead`). */
export interface SegmentHead {
  readonly shape: Shape;
  readonly rowRoot: Uint8Array;
  /** RLC values of the k original rows, 16 bytes each. */
  readonly rlc: Uint8Array;
}

export interface SegmentUpload {
  readonly head: SegmentHead;
  /** The head as it was sent. */
  readonly headBytes: Uint8Array;
  readonly strips: readonly Strip[];
}

export interface StripsAnswer {
  /** Every strip that the node holds of this segment, as a set. */
  readonly held: bigint;
  readonly strips: readonly Strip[];
}

/** Serialises a head: "MYSH", version u16, zero u16, k u32, n u32, rowSize u32, rowRoot (32), rlc (16 * k); big-endian. */
export function encodeHead(head: SegmentHead): Uint8Array {
  return writeHead(head, zeros(FIXED_BYTES + head.rlc.length));
}

function writeHead({ shape, rowRoot, rlc }: SegmentHead, bytes: Bytes): Bytes {
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  view.setUint16(6, 0);
  view.setUint32(8, shape.k);
  view.setUint32(12, shape.n);
  view.setUint32(16, shape.rowSize);
  bytes.set(rowRoot, 20);
  bytes.set(rlc, FIXED_BYTES);
  return bytes;
}

/**
 * Reads a head that fills `input` exactly. Views into the input.
 * @throws FatalError storage/bad-segment
 */
export function parseHead(input: Uint8Array): SegmentHead {
  const shape = parseShape(input);
  if (input.length !== headBytes(shape))
    throw bad(`${input.length} bytes for a head of ${headBytes(shape)} bytes`);
  return { shape, rowRoot: input.subarray(20, FIXED_BYTES), rlc: input.subarray(FIXED_BYTES) };
}

/**
 * Checks that a head is the one behind a commitment: SHA-256(rowRoot || RLC root).
 * @throws FatalError storage/wrong-head
 */
export async function checkHead(
  codec: Pick<Codec, "rlcRoot">,
  { rowRoot, rlc }: SegmentHead,
  commitment: Uint8Array,
): Promise<void> {
  const bound = sha256(concatBytes([rowRoot, await codec.rlcRoot(rlc)]));
  if (sameBytes(bound, commitment)) return;
  throw new FatalError("storage/wrong-head", "the head does not belong to the commitment", {
    commitment: hexOf(commitment),
  });
}

/**
 * Body of PUT /segments/:commitment for the holder of `numbers`: head, count u16, strips.
 * @param room makes the buffer that the body is written into; all of it is written
 */
export function encodeUpload(
  segment: EncodedSegment,
  numbers: readonly number[],
  room: (bytes: number) => Bytes = roomFor,
): Bytes {
  const head = headBytes(segment.shape);
  const body = room(head + COUNT_BYTES + numbers.length * stripBytes(segment.shape));
  writeHead(segment, body);
  viewOf(body).setUint16(head, numbers.length);
  let at = head + COUNT_BYTES;
  for (const number of [...numbers].sort((a, b) => a - b)) at = writeStripOf(segment, number, body, at);
  return body;
}

/**
 * Reads the body of an upload. Views into the input.
 * @throws FatalError storage/bad-segment, storage/bad-strips
 */
export function parseUpload(input: Uint8Array): SegmentUpload {
  const split = headBytes(parseShape(input));
  if (input.length < split + COUNT_BYTES) throw bad(`${input.length} bytes, shorter than its head`);
  const headPart = input.subarray(0, split);
  const head = parseHead(headPart);
  const count = (input[split]! << 8) | input[split + 1]!;
  if (count === 0) throw bad("it carries no strip");
  if (count > MAX_SLOTS_PER_MEMBER) throw bad(`${count} strips, more than ${MAX_SLOTS_PER_MEMBER}`);
  return {
    head,
    headBytes: headPart,
    strips: parseStrips(input.subarray(split + COUNT_BYTES), count, head.shape),
  };
}

/** Answer of GET /segments/:commitment/strips: the set of held strips (32), count u16, strips. */
export function encodeStripsAnswer({ held, strips }: StripsAnswer, shape: Shape): Uint8Array {
  const bytes = zeros(SET_BYTES + COUNT_BYTES + strips.length * stripBytes(shape));
  bytes.set(fromHex(held.toString(16).padStart(2 * SET_BYTES, "0")));
  viewOf(bytes).setUint16(SET_BYTES, strips.length);
  let at = SET_BYTES + COUNT_BYTES;
  for (const strip of strips) at = writeStrip(strip, bytes, at);
  return bytes;
}

/**
 * Reads an answer with strips. Views into the input.
 * @throws FatalError storage/bad-segment, storage/bad-strips
 */
export function parseStripsAnswer(input: Uint8Array, shape: Shape): StripsAnswer {
  const start = SET_BYTES + COUNT_BYTES;
  if (input.length < start) throw bad(`${input.length} bytes, shorter than the header of an answer`);
  const held = BigInt(`0x${hexOf(input.subarray(0, SET_BYTES))}`);
  const count = (input[SET_BYTES]! << 8) | input[SET_BYTES + 1]!;
  return { held, strips: parseStrips(input.subarray(start), count, shape) };
}

/** Strips that fit into one answer. */
export function stripsPerAnswer(shape: Shape): number {
  return Math.max(1, Math.floor((MAX_STRIPS_ANSWER_BYTES - SET_BYTES - COUNT_BYTES) / stripBytes(shape)));
}

function headBytes(shape: Shape): number {
  return FIXED_BYTES + RLC_BYTES * shape.k;
}

function parseShape(input: Uint8Array): Shape {
  if (input.length < FIXED_BYTES) throw bad(`${input.length} bytes, shorter than the start of a head`);
  const view = new DataView(input.buffer, input.byteOffset, FIXED_BYTES);
  if (view.getUint32(0) !== MAGIC) throw bad("it does not start with MYSH");
  if (view.getUint16(4) !== VERSION) throw bad(`version ${view.getUint16(4)}, known is ${VERSION}`);
  if (view.getUint16(6) !== 0) throw bad("its reserved bytes are not zero");
  const shape = { k: view.getUint32(8), n: view.getUint32(12), rowSize: view.getUint32(16) };
  const fault = shapeFault(shape);
  if (fault !== undefined) throw bad(fault);
  return shape;
}

/** Root of the tree over the RLC values of a head. */
export function rlcRoot(rlc: Uint8Array): Uint8Array {
  const leaves = Array.from({ length: rlc.length / RLC_BYTES }, (_, i) =>
    rlc.subarray(i * RLC_BYTES, (i + 1) * RLC_BYTES),
  );
  return nodeOf(merkleTree(leaves), 1);
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-segment", `not a segment: ${reason}`, { reason });
}
