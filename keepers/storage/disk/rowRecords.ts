import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { HASH_BYTES } from "../format/limits.ts";
import type { Strip } from "../format/stripFormat.ts";

/** What a record of a row file carries. */
export type RecordKind = "head" | "strip" | "pack";

export interface RowRecord {
  readonly kind: RecordKind;
  /** Commitment of the segment, 32 bytes. */
  readonly subject: Uint8Array;
  /** Number of the strip; 0 otherwise. */
  readonly number: number;
  readonly payload: Uint8Array;
}

/** Where a record lies. */
export interface RecordPlace {
  readonly file: number;
  readonly offset: number;
  /** Bytes of the payload. */
  readonly length: number;
}

export interface RecordHeader extends Omit<RowRecord, "payload"> {
  /** Bytes of the payload. */
  readonly length: number;
  readonly payloadCrc: number;
}

/** Records start at multiples of this, so that the next one can be found behind a damaged one. */
export const RECORD_UNIT = 64;
export const RECORD_HEADER_BYTES = 64;
/** Largest payload that a header may announce, bytes. */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** Bytes at the start of every file, before its first record. */
export const FILE_HEADER_BYTES = 64;

const MAGIC = 0x4d_59_53_52; // "MYSR"
const FILE_MAGIC = 0x4d_59_53_46; // "MYSF"
const VERSION = 1;
const SALT_BYTES = 32;
const TAGGED_BYTES = 52;
const TAG_BYTES = 12;
const KINDS: readonly RecordKind[] = ["head", "strip", "pack"];
const PADDING = Buffer.alloc(RECORD_UNIT);

/** Bytes that a payload takes on disk, with its header and padding. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + Math.ceil(payloadBytes / RECORD_UNIT) * RECORD_UNIT;
}

/** A fresh file header: magic u32, version u16, zero u16, salt (32), crc32 of these, zeros. */
export function newFileHeader(): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.writeUInt32BE(FILE_MAGIC, 0);
  header.writeUInt16BE(VERSION, 4);
  header.set(randomBytes(SALT_BYTES), 8);
  header.writeUInt32BE(crc32(header.subarray(0, 8 + SALT_BYTES)), 8 + SALT_BYTES);
  return header;
}

/** The salt of a file, or undefined when these bytes are no file header. */
export function parseFileHeader(bytes: Buffer): Uint8Array | undefined {
  if (bytes.length < FILE_HEADER_BYTES || bytes.readUInt32BE(0) !== FILE_MAGIC) return undefined;
  if (bytes.readUInt16BE(4) !== VERSION) return undefined;
  if (bytes.readUInt32BE(8 + SALT_BYTES) !== crc32(bytes.subarray(0, 8 + SALT_BYTES))) return undefined;
  return Uint8Array.from(bytes.subarray(8, 8 + SALT_BYTES));
}

/**
 * The pieces of a record on disk: header (magic u32, version u16, kind u16, subject 32, number u32, payload length u32,
 * payload crc32, tag 12; big-endian), payload, zeros up to a multiple of 64. The tag is keyed by the file's secret salt:
 * rows are chosen by strangers, and bytes inside a row must not pass for a record when a damaged file is searched.
 */
export function recordPieces(record: RowRecord, salt: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt16BE(VERSION, 4);
  header.writeUInt16BE(KINDS.indexOf(record.kind) + 1, 6);
  header.set(record.subject, 8);
  header.writeUInt32BE(record.number, 40);
  header.writeUInt32BE(record.payload.length, 44);
  header.writeUInt32BE(crc32(record.payload), 48);
  header.set(tagOf(header, salt), TAGGED_BYTES);
  const tail = recordBytes(record.payload.length) - RECORD_HEADER_BYTES - record.payload.length;
  return [header, record.payload, PADDING.subarray(0, tail)];
}

/** Where records come to lie that are written behind each other, and where they end. */
export function placesFrom(
  file: number,
  offset: number,
  records: readonly RowRecord[],
): { readonly places: RecordPlace[]; readonly end: number } {
  let end = offset;
  const places = records.map(({ payload: { length } }) => {
    const place = { file, offset: end, length };
    end += recordBytes(length);
    return place;
  });
  return { places, end };
}

/** Reads a header of the file with this salt; undefined when these bytes are none. */
export function parseRecordHeader(bytes: Buffer, salt: Uint8Array): RecordHeader | undefined {
  if (bytes.length < RECORD_HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  if (bytes.readUInt16BE(4) !== VERSION) return undefined;
  if (tagOf(bytes, salt).compare(bytes, TAGGED_BYTES, RECORD_HEADER_BYTES) !== 0) return undefined;
  const kind = KINDS[bytes.readUInt16BE(6) - 1];
  const length = bytes.readUInt32BE(44);
  if (kind === undefined || length > MAX_PAYLOAD_BYTES) return undefined;
  return {
    kind,
    subject: Uint8Array.from(bytes.subarray(8, 8 + HASH_BYTES)),
    number: bytes.readUInt32BE(40),
    length,
    payloadCrc: bytes.readUInt32BE(48),
  };
}

/** Whether the payload is the one that the header was written for. */
export function payloadIntact(header: RecordHeader, payload: Uint8Array): boolean {
  return payload.length === header.length && crc32(payload) === header.payloadCrc;
}

function tagOf(header: Buffer, salt: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([salt, header.subarray(0, TAGGED_BYTES)]), "buffer").subarray(
    0,
    TAG_BYTES,
  );
}

/** A strip as it lies on disk: path, rows. */
export function stripRecord(commitment: Uint8Array, { number, path, rows }: Strip): RowRecord {
  return { kind: "strip", subject: commitment, number, payload: joined(path, rows) };
}

/** Two pieces as one; in an upload they lie behind each other, and needn't be copied. */
function joined(path: Uint8Array, rows: Uint8Array): Uint8Array {
  const isOne = path.buffer === rows.buffer && path.byteOffset + path.length === rows.byteOffset;
  return isOne
    ? new Uint8Array(path.buffer, path.byteOffset, path.length + rows.length)
    : Buffer.concat([path, rows]);
}

/** A head as it lies on disk: who sent it, head. */
export function headRecord(subject: Uint8Array, uploader: string, bytes: Uint8Array): RowRecord {
  const payload = Buffer.concat([Buffer.from(uploader.slice(2), "hex"), bytes]);
  return { kind: "head", subject, number: 0, payload };
}
