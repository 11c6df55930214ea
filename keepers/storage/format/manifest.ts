import { createHash } from "node:crypto";
import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { HASH_BYTES, MAX_MANIFEST_BYTES, MAX_SEGMENT_BYTES } from "./limits.ts";
import { shapeFault } from "./shapeRules.ts";

const MAGIC = 0x4d_59_4d_46; // "MYMF"
const VERSION = 1;
const HEADER_BYTES = 16;
const ENTRY_BYTES = HASH_BYTES + 16;
const ROOT_DOMAIN = Uint8Array.of(0x02);

/** Most segments that one manifest names; an object is at most this many times 4 MiB. */
export const MAX_SEGMENTS = Math.floor((MAX_MANIFEST_BYTES - HEADER_BYTES) / ENTRY_BYTES);
/** Largest object that one manifest describes, bytes. */
export const MAX_OBJECT_BYTES = MAX_SEGMENTS * MAX_SEGMENT_BYTES;

export interface ManifestSegment {
  /** RSEMA1D commitment, 32 bytes. */
  readonly commitment: Uint8Array;
  /** Object bytes in this segment; the coded form is padded with zeros to k * rowSize. */
  readonly length: number;
  readonly shape: Shape;
}

/** An object: its bytes are those of its segments, one after the other. */
export interface Manifest {
  /** Bytes of the object. */
  readonly size: number;
  readonly segments: readonly ManifestSegment[];
}

/**
 * Serialises a manifest: "MYMF", version u16, segments u16, size u64, then for each segment commitment (32), length u32,
 * k u32, n u32, rowSize u32; all big-endian. One manifest has one serialisation.
 * @throws FatalError storage/empty-object, storage/object-too-large, storage/bad-manifest
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  checkCount(manifest.segments.length);
  checkManifest(manifest);
  const bytes = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * manifest.segments.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt16BE(VERSION, 4);
  bytes.writeUInt16BE(manifest.segments.length, 6);
  bytes.writeBigUInt64BE(BigInt(manifest.size), 8);
  manifest.segments.forEach((segment, index) => {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    bytes.set(segment.commitment, at);
    bytes.writeUInt32BE(segment.length, at + 32);
    bytes.writeUInt32BE(segment.shape.k, at + 36);
    bytes.writeUInt32BE(segment.shape.n, at + 40);
    bytes.writeUInt32BE(segment.shape.rowSize, at + 44);
  });
  return bytes;
}

/**
 * Reads a manifest from bytes of anybody; accepts exactly what `encodeManifest` writes.
 * @throws FatalError storage/bad-manifest, storage/empty-object
 */
export function parseManifest(input: Uint8Array): Manifest {
  if (input.length > MAX_MANIFEST_BYTES) throw bad(`${input.length} bytes, more than ${MAX_MANIFEST_BYTES}`);
  if (input.length < HEADER_BYTES) throw bad(`${input.length} bytes, shorter than its header`);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (bytes.readUInt32BE(0) !== MAGIC) throw bad("it does not start with MYMF");
  if (bytes.readUInt16BE(4) !== VERSION) throw bad(`version ${bytes.readUInt16BE(4)}, known is ${VERSION}`);
  const count = bytes.readUInt16BE(6);
  if (bytes.length !== HEADER_BYTES + count * ENTRY_BYTES)
    throw bad(`${bytes.length} bytes for ${count} segments`);
  const size = bytes.readBigUInt64BE(8);
  if (size > BigInt(MAX_OBJECT_BYTES)) throw bad(`size ${size}, more than ${MAX_OBJECT_BYTES}`);
  const segments = Array.from({ length: count }, (_, index) =>
    parseEntry(bytes, HEADER_BYTES + index * ENTRY_BYTES),
  );
  const manifest = { size: Number(size), segments };
  checkManifest(manifest);
  return manifest;
}

/** The name of an object: SHA-256(0x02 || manifest bytes). */
export function objectRoot(manifestBytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(ROOT_DOMAIN).update(manifestBytes).digest();
}

function parseEntry(bytes: Buffer, at: number): ManifestSegment {
  return {
    commitment: Uint8Array.from(bytes.subarray(at, at + HASH_BYTES)),
    length: bytes.readUInt32BE(at + 32),
    shape: {
      k: bytes.readUInt32BE(at + 36),
      n: bytes.readUInt32BE(at + 40),
      rowSize: bytes.readUInt32BE(at + 44),
    },
  };
}

function checkCount(segments: number): void {
  if (segments <= MAX_SEGMENTS) return;
  throw new FatalError(
    "storage/object-too-large",
    `an object has at most ${MAX_SEGMENTS} segments (${MAX_OBJECT_BYTES} bytes) in one manifest of ${MAX_MANIFEST_BYTES} bytes; this one has ${segments}. Split it into several objects.`,
    { segments, maxSegments: MAX_SEGMENTS, maxBytes: MAX_OBJECT_BYTES },
  );
}

function checkManifest({ size, segments }: Manifest): void {
  if (size === 0 || segments.length === 0) {
    throw new FatalError("storage/empty-object", "an object has at least one byte; this one is empty", {
      size,
    });
  }
  let sum = 0;
  for (const [index, segment] of segments.entries()) {
    const fault = segmentFault(segment);
    if (fault !== undefined) throw bad(`segment ${index}: ${fault}`);
    sum += segment.length;
  }
  if (sum !== size) throw bad(`size ${size}, but its segments hold ${sum} bytes`);
}

function segmentFault({ commitment, length, shape }: ManifestSegment): string | undefined {
  if (commitment.length !== HASH_BYTES) return `a commitment of ${commitment.length} bytes`;
  const fault = shapeFault(shape);
  if (fault !== undefined) return fault;
  if (!Number.isSafeInteger(length) || length < 1) return `length ${length} is no positive integer`;
  if (length > shape.k * shape.rowSize)
    return `length ${length} does not fit k * rowSize = ${shape.k * shape.rowSize}`;
  return undefined;
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-manifest", `not a manifest: ${reason}`, { reason });
}
