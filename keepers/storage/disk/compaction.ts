import { nameOf } from "../format/names.ts";
import type { DiskQuota } from "./diskQuota.ts";
import { isSame, placesOf } from "./indexChange.ts";
import type { RowFiles } from "./rowFiles.ts";
import { FILE_HEADER_BYTES, type RecordPlace, recordBytes } from "./rowRecords.ts";
import { type FoundRecord, sizeOfFile, visitRowFile } from "./rowRecovery.ts";
import { type IndexEdit, REMOVED, type SegmentIndex } from "./segmentIndex.ts";
import type { Write } from "./segmentStore.ts";

export interface CompactionOptions {
  /** Part of a file that must be dead, 0 to 1. */
  readonly deadShare: number;
  /** Waits until so many bytes may be read or written. */
  readonly throttle: (bytes: number) => Promise<void>;
}

export interface CompactionParts {
  readonly directory: string;
  readonly maxFileBytes: number;
  readonly index: SegmentIndex;
  readonly files: Pick<RowFiles, "active">;
  readonly quota: DiskQuota;
  readonly write: (work: Write) => Promise<void>;
  readonly isLost: (place: RecordPlace) => Promise<boolean>;
  readonly forget: (edit: Extract<IndexEdit, { kind: "lost" }>) => Promise<void>;
}

const COPY_BYTES = 1024 * 1024;

/**
 * Copies the live records of the file that wastes most to the end, and removes it. A record is copied and known at its new place
 * before the old one goes, so a crash loses nothing and at worst leaves a copy that is dead.
 * @returns false when no file wastes enough, or something in the file could not be accounted for
 */
export async function compact(
  parts: CompactionParts,
  options: CompactionOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const file = await mostWasted(parts, options.deadShare);
  if (file === undefined) return false;
  if (file === parts.files.active) await parts.write({ records: [], edits: () => [], roll: true });
  await copyLive(parts, options, file, signal);
  if (!(await isEmpty(parts, file))) return false;
  await parts.write({ records: [], edits: () => [], remove: file });
  return true;
}

/** The file that takes records counts only when it wastes a quarter of a full one. */
async function mostWasted(
  { directory, index, files, maxFileBytes }: CompactionParts,
  deadShare: number,
): Promise<number | undefined> {
  let [worst, most] = [undefined as number | undefined, 0];
  for (const [file, live] of await index.files()) {
    if (live === REMOVED) continue;
    const size = (await sizeOfFile(directory, file)) - FILE_HEADER_BYTES;
    const dead = size - live;
    if (dead <= 0 || dead < deadShare * size || dead < most) continue;
    if (file === files.active && dead < maxFileBytes / 4) continue;
    [worst, most] = [file, dead];
  }
  return worst;
}

async function copyLive(
  parts: CompactionParts,
  { throttle }: CompactionOptions,
  file: number,
  signal: AbortSignal,
): Promise<void> {
  let [found, bytes] = [[] as FoundRecord[], 0];
  const flush = async (): Promise<void> => {
    await throttle(2 * bytes);
    signal.throwIfAborted();
    await copy(parts, found, bytes);
    [found, bytes] = [[], 0];
  };
  await visitRowFile(parts.directory, file, async (record) => {
    signal.throwIfAborted();
    if (!(await isLive(parts, record))) return;
    found.push(record);
    bytes += recordBytes(record.place.length);
    if (bytes >= COPY_BYTES) await flush();
  });
  if (found.length > 0) await flush();
}

async function isLive({ index }: CompactionParts, { record, place }: FoundRecord): Promise<boolean> {
  const entry = await index.segment(nameOf(record.subject));
  return entry !== undefined && placesOf(entry).some((other) => isSame(other, place));
}

async function copy({ write, quota }: CompactionParts, found: readonly FoundRecord[], bytes: number) {
  // More than the quota for as long as the old file stands: it is what brings space back.
  quota.occupy(bytes);
  try {
    await write({
      records: found.map(({ record }) => record),
      edits: (places) =>
        found.map(({ record, place }, i) => ({
          kind: "moved",
          segment: nameOf(record.subject),
          moves: [{ from: place, to: places[i]! }],
        })),
    });
  } catch (error) {
    quota.release(bytes);
    throw error;
  }
}

/** Whether nothing lies in a file any more. What is left was damaged: it is given up; if it is sound after all, the file stays. */
async function isEmpty({ index, isLost, forget }: CompactionParts, file: number): Promise<boolean> {
  if ((await index.files()).get(file) === 0) return true;
  for await (const [segment, entry] of index.segments()) {
    for (const place of placesOf(entry).filter((each) => each.file === file))
      if (!(await isLost(place))) return false;
    if (entry.head.file === file) await forget({ kind: "lost", segment, head: entry.head });
    const strips = entry.strips.filter(([, place]) => place.file === file);
    if (strips.length > 0) await forget({ kind: "lost", segment, strips });
  }
  return (await index.files()).get(file) === 0;
}
