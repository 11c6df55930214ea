import { type FileHandle, open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { listRowFiles, readSalt, rowFileName } from "./rowFiles.ts";
import {
  FILE_HEADER_BYTES,
  parseRecordHeader,
  payloadIntact,
  RECORD_HEADER_BYTES,
  RECORD_UNIT,
  type RecordPlace,
  type RowRecord,
  recordBytes,
} from "./rowRecords.ts";

/** How far the index knows the files; what lies behind is read again at the start. */
export interface RowCursor {
  readonly file: number;
  readonly offset: number;
}

export interface FoundRecord {
  readonly record: RowRecord;
  readonly place: RecordPlace;
}

export interface RecoveryReport {
  /** Bytes of all files afterwards, without their headers. */
  readonly bytes: number;
  /** Bytes of a torn write that were cut off the last file: never acknowledged. */
  readonly truncatedBytes: number;
  /** Bytes that hold no readable record although later ones do: damage of the disk. */
  readonly damagedBytes: number;
}

/**
 * Whether the files still reach as far as the index believes; when not, the index must be made anew.
 * @param known files that the index speaks of
 */
export async function reachesCursor(
  directory: string,
  cursor: RowCursor,
  known: Iterable<number>,
): Promise<boolean> {
  const files = new Set(await listRowFiles(directory));
  if (!files.has(cursor.file)) return false;
  for (const file of known) if (!files.has(file)) return false;
  return (await sizeOfFile(directory, cursor.file)) >= cursor.offset;
}

/** Visits every sound record behind the cursor, in order, and cuts a torn tail off the last file. */
export async function recoverRowFiles(
  directory: string,
  cursor: RowCursor,
  visit: (found: FoundRecord) => Promise<void>,
): Promise<RecoveryReport> {
  const files = await listRowFiles(directory);
  let bytes = 0;
  let truncatedBytes = 0;
  let damagedBytes = 0;
  for (const file of files) {
    const size = await sizeOfFile(directory, file);
    bytes += Math.max(0, size - FILE_HEADER_BYTES);
    if (file < cursor.file) continue;
    const from = file === cursor.file ? cursor.offset : 0;
    const scanned = await scanFile(directory, file, from, size, visit);
    damagedBytes += scanned.damaged;
    if (file !== files.at(-1) || scanned.end === size) continue;
    await truncate(join(directory, rowFileName(file)), scanned.end);
    truncatedBytes = size - scanned.end;
    bytes -= Math.min(truncatedBytes, Math.max(0, size - FILE_HEADER_BYTES));
  }
  return { bytes, truncatedBytes, damagedBytes };
}

/** Visits every sound record of a file that is closed, in order. */
export async function visitRowFile(
  directory: string,
  file: number,
  visit: (found: FoundRecord) => Promise<void>,
): Promise<void> {
  await scanFile(directory, file, 0, await sizeOfFile(directory, file), visit);
}

/** Bytes of a row file. */
export async function sizeOfFile(directory: string, file: number): Promise<number> {
  return (await stat(join(directory, rowFileName(file)))).size;
}

/** End of the last sound record, and bytes before it that belong to none. */
async function scanFile(
  directory: string,
  file: number,
  from: number,
  size: number,
  visit: (found: FoundRecord) => Promise<void>,
): Promise<{ end: number; damaged: number }> {
  const handle = await open(join(directory, rowFileName(file)), "r");
  try {
    const salt = await readSalt(handle);
    // Without a header no record can be told from the bytes of a row. A file cut off inside its header never held one.
    if (salt === undefined)
      return size < FILE_HEADER_BYTES ? { end: 0, damaged: 0 } : { end: size, damaged: size };
    let end = Math.max(from, FILE_HEADER_BYTES);
    let damaged = 0;
    for (let offset = end; offset + RECORD_HEADER_BYTES <= size; ) {
      const record = await readRecord(handle, offset, salt);
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
  } finally {
    await handle.close();
  }
}

async function readRecord(
  handle: FileHandle,
  offset: number,
  salt: Uint8Array,
): Promise<RowRecord | undefined> {
  const start = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  const read = await handle.read(start, 0, RECORD_HEADER_BYTES, offset);
  const header = parseRecordHeader(start.subarray(0, read.bytesRead), salt);
  if (header === undefined) return undefined;
  // Asked for with its padding: a record counts only when it lies there whole.
  const body = Buffer.allocUnsafe(recordBytes(header.length) - RECORD_HEADER_BYTES);
  const { bytesRead } = await handle.read(body, 0, body.length, offset + RECORD_HEADER_BYTES);
  const payload = body.subarray(0, header.length);
  if (bytesRead < body.length || !payloadIntact(header, payload)) return undefined;
  return { kind: header.kind, subject: header.subject, number: header.number, payload };
}
