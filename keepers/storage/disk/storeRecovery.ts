import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { nameOf } from "../format/names.ts";
import { type PackEntry, parsePackTable } from "../format/pack.ts";
import { parseHead } from "../format/segmentFormat.ts";
import { rowFileName } from "./rowFiles.ts";
import { type RecordPlace, recordBytes } from "./rowRecords.ts";
import { type FoundRecord, type RecoveryReport, reachesCursor, recoverRowFiles } from "./rowRecovery.ts";
import { type IndexEdit, type ObjectPlace, REMOVED, type SegmentIndex } from "./segmentIndex.ts";

const RECOVERY_EDITS = 256;
/** Bytes of the address in front of a stored head. */
export const UPLOADER_BYTES = 20;

/** Brings an index up to the row files, or makes it anew when it is missing or speaks of files that are gone. */
export async function recoverStore(directory: string, index: SegmentIndex): Promise<RecoveryReport> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const cursor = await index.cursor();
  const known = await finishRemovals(directory, index);
  if (cursor.offset > 0 && !(await reachesCursor(directory, cursor, known))) await index.wipe();
  let edits: IndexEdit[] = [];
  let last: RecordPlace | undefined;
  const flush = async () => {
    await index.apply(edits, last && behind(last));
    edits = [];
  };
  const report = await recoverRowFiles(directory, await index.cursor(), async (found) => {
    edits.push(editOf(found));
    last = found.place;
    if (edits.length === RECOVERY_EDITS) await flush();
  });
  await flush();
  return report;
}

function editOf({ record, place }: FoundRecord): IndexEdit {
  const name = nameOf(record.subject);
  if (record.kind === "strip") return { kind: "segment", commitment: name, strips: [[record.number, place]] };
  if (record.kind === "pack") return packEdit(name, place, parsePackTable(record.payload));
  const uploader = `0x${nameOf(record.payload.subarray(0, UPLOADER_BYTES))}`;
  const { shape, rowRoot } = parseHead(record.payload.subarray(UPLOADER_BYTES));
  const head = { shape, rowRoot: Uint8Array.from(rowRoot), uploader, head: place };
  return { kind: "segment", commitment: name, head, strips: [] };
}

export function packEdit(commitment: string, place: RecordPlace, entries: readonly PackEntry[]): IndexEdit {
  const objects = new Map<string, ObjectPlace>();
  for (const { name, kind, offset, length } of entries) objects.set(nameOf(name), { kind, offset, length });
  return { kind: "pack", commitment, place, objects };
}

/** Where the next record goes. */
export function behind(place: RecordPlace) {
  return { file: place.file, offset: place.offset + recordBytes(place.length) };
}

/** Removes what a crash has kept from being removed. @returns files that are still spoken of */
async function finishRemovals(directory: string, index: SegmentIndex): Promise<number[]> {
  const known: number[] = [];
  for (const [file, live] of await index.files()) {
    if (live !== REMOVED) {
      known.push(file);
      continue;
    }
    await rm(join(directory, rowFileName(file)), { force: true });
    await index.forgetFile(file);
  }
  return known;
}
