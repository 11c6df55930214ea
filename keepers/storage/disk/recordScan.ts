import {
  FILE_HEADER_BYTES,
  parseFileHeader,
  parseRecordHeader,
  payloadIntact,
  RECORD_HEADER_BYTES,
  RECORD_UNIT,
  type RecordPlace,
  type RowRecord,
  recordBytes,
} from "./rowRecords.ts";

export interface FoundRecord {
  readonly record: RowRecord;
  readonly place: RecordPlace;
}

export type RecordVisitor = (found: FoundRecord) => Promise<void>;

/** Gives up to `length` bytes of a file; fewer only at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** A file of which records are read. */
export interface ScannedFile {
  readonly file: number;
  readonly size: number;
  readonly readAt: ReadAt;
}

/**
 * Visits every sound record of a file from an offset on.
 * @returns end of the last sound record, and bytes before it that belong to none
 */
export async function scanRecords(
  { file, size, readAt }: ScannedFile,
  from: number,
  visit: RecordVisitor,
): Promise<{ end: number; damaged: number }> {
  const salt = parseFileHeader(await readAt(0, FILE_HEADER_BYTES));
  // Without a header no record can be told from the bytes of a row. A file cut off inside its header never held one.
  if (salt === undefined)
    return size < FILE_HEADER_BYTES ? { end: 0, damaged: 0 } : { end: size, damaged: size };
  let end = Math.max(from, FILE_HEADER_BYTES);
  let damaged = 0;
  for (let offset = end; offset + RECORD_HEADER_BYTES <= size; ) {
    const record = await readRecord(readAt, offset, salt);
    if (record === undefined) {
      offset += RECORD_UNIT;
      continue;
    }
    damaged += offset - end;
    await visit({ record, place: { file, offset, length: record.payload.length } });
    offset += recordBytes(record.payload.length);
    end = offset;
  }
  return { end, damaged };
}

async function readRecord(readAt: ReadAt, offset: number, salt: Uint8Array): Promise<RowRecord | undefined> {
  const header = parseRecordHeader(await readAt(offset, RECORD_HEADER_BYTES), salt);
  if (header === undefined) return undefined;
  // Asked for with its padding: a record counts only when it lies there whole.
  const wanted = recordBytes(header.length) - RECORD_HEADER_BYTES;
  const body = await readAt(offset + RECORD_HEADER_BYTES, wanted);
  const payload = body.subarray(0, header.length);
  if (body.length < wanted || !payloadIntact(header, payload)) return undefined;
  return { kind: header.kind, subject: header.subject, number: header.number, payload };
}
