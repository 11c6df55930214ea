import { nameOf } from "../format/names.ts";
import { type PackEntry, parsePackTable } from "../format/pack.ts";
import { parseHead } from "../format/segmentFormat.ts";
import type { FoundRecord } from "./recordScan.ts";
import type { RecoveryReport, RowPlace } from "./rowFiles.ts";
import { type RecordPlace, recordBytes } from "./rowRecords.ts";
import { type IndexEdit, type ObjectPlace, REMOVED, type SegmentIndex } from "./segmentIndex.ts";

const RECOVERY_EDITS = 256;
/** Bytes of the address in front of a stored head. */
export const UPLOADER_BYTES = 20;

/**
 * Brings an index up to the row files, or makes it anew when it is missing or speaks of files that are gone. A strip whose head
 * comes later, as compaction may have it, waits for that; an index that was not made to its end is made once more.
 */
export async function recoverStore(rows: RowPlace, index: SegmentIndex): Promise<RecoveryReport> {
  const files = await index.files();
  await rows.prepare([...files.keys()].reduce((a, b) => Math.max(a, b), (await index.cursor()).file));
  await finishRemovals(rows, index, files);
  const isSound =
    !(await index.isUnfinished()) && (await rows.bearsOut(await index.cursor(), [...files.keys()]));
  if (!isSound) await index.wipe();
  const known = new Set((await index.files()).keys());
  if (known.size === 0) await index.begin();
  const edits = new RecoveredEdits(index, rows.hasCursor);
  const report = await rows.recover(
    await index.cursor(),
    known,
    (found) => edits.add(found),
    (file) => edits.endFile(file),
  );
  await edits.end();
  await index.finish();
  return report;
}

/** Edits on their way into an index, many at a time. */
class RecoveredEdits {
  readonly #index: SegmentIndex;
  /** Whether a file may be known in part. */
  readonly #hasCursor: boolean;
  readonly #headless: IndexEdit[] = [];
  #files: number[] = [];
  #edits: IndexEdit[] = [];
  #last: RecordPlace | undefined;

  constructor(index: SegmentIndex, hasCursor: boolean) {
    this.#index = index;
    this.#hasCursor = hasCursor;
  }

  async add(found: FoundRecord): Promise<void> {
    this.#edits.push(editOf(found));
    this.#last = found.place;
    if (this.#hasCursor && this.#edits.length >= RECOVERY_EDITS) await this.#apply();
  }

  async endFile(file: number): Promise<void> {
    this.#files.push(file);
    if (this.#edits.length >= RECOVERY_EDITS) await this.#apply();
  }

  async end(): Promise<void> {
    await this.#apply();
    while (this.#headless.length > 0) await this.#index.apply(this.#headless.splice(0, RECOVERY_EDITS));
  }

  async #apply(): Promise<void> {
    const [edits, files] = [this.#edits, this.#files];
    [this.#edits, this.#files] = [[], []];
    const heads = new Set<string>();
    for (const edit of edits) {
      if (!("commitment" in edit)) continue;
      if ("head" in edit) heads.add(edit.commitment);
      else if (!heads.has(edit.commitment) && (await this.#index.segment(edit.commitment)) === undefined)
        this.#headless.push(edit);
    }
    await this.#index.apply(edits, this.#last && behind(this.#last), files);
  }
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

/** Removes what a crash has kept from being removed, also from `files`. */
async function finishRemovals(
  rows: RowPlace,
  index: SegmentIndex,
  files: Map<number, number>,
): Promise<void> {
  for (const [file, live] of files) {
    if (live !== REMOVED) continue;
    await rows.forget(file);
    await index.forgetFile(file);
    files.delete(file);
  }
}
