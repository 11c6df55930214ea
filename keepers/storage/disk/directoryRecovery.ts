import { type FileHandle, open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type RecordVisitor, scanRecords } from "./recordScan.ts";
import { listRowFiles, readAtOf, rowFileName } from "./rowFileAccess.ts";
import type { RecoveryReport, RowCursor } from "./rowFiles.ts";
import { FILE_HEADER_BYTES } from "./rowRecords.ts";

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
  visit: RecordVisitor,
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
export async function visitRowFile(directory: string, file: number, visit: RecordVisitor): Promise<void> {
  await scanFile(directory, file, 0, await sizeOfFile(directory, file), visit);
}

/** Bytes of a row file. */
async function sizeOfFile(directory: string, file: number): Promise<number> {
  return (await stat(join(directory, rowFileName(file)))).size;
}

async function scanFile(
  directory: string,
  file: number,
  from: number,
  size: number,
  visit: RecordVisitor,
): Promise<{ end: number; damaged: number }> {
  const handle: FileHandle = await open(join(directory, rowFileName(file)), "r");
  try {
    return await scanRecords({ file, size, readAt: readAtOf(handle) }, from, visit);
  } finally {
    await handle.close();
  }
}
