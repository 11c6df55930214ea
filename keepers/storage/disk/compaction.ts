import { nameOf } from "../format/names.ts";
import type { DiskQuota } from "./diskQuota.ts";
import { isSame, placesOf } from "./indexChange.ts";
import type { FoundRecord } from "./recordScan.ts";
import type { RowFiles } from "./rowFiles.ts";
import { type RecordPlace, recordBytes } from "./rowRecords.ts";
import { type IndexEdit, REMOVED, type SegmentIndex } from "./segmentIndex.ts";
import type { Write } from "./write.ts";

export interface CompactionOptions {
  /** Part of a file that must be dead, 0 to 1. */
  readonly deadShare: number;
  /** Waits until so many bytes may be read or written. */
  readonly throttle: (bytes: number) => Promise<void>;
}

export interface CompactionParts {
  readonly index: SegmentIndex;
  readonly files: RowFiles;
  readonly quota: DiskQuota;
  readonly write: (work: Write) => Promise<void>;
  readonly isLost: (place: RecordPlace) => Promise<boolean>;
  readonly forget: (edit: Extract<IndexEdit, { kind: "lost" }>) => Promise<void>;
}

/**
 * Copies the live records of the file that wastes most, or of small ones, to the end, and removes what they lay in. A record is copied
 * and known at its new place before the old one goes, so a crash loses nothing and at worst leaves a copy that is dead.
 * @returns false when no file wastes enough, or something in one could not be accounted for
 */
export async function compact(
  parts: CompactionParts,
  options: CompactionOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const strays = await parts.files.strays();
  if (strays.size > 0) await parts.write({ records: [], edits: () => [], adopt: strays });
  const files = await filesToCopy(parts, options.deadShare);
  if (parts.files.active !== undefined && files.includes(parts.files.active))
    await parts.write({ records: [], edits: () => [], roll: true });
  await copyLive(parts, options, files, signal);
  let removed = 0;
  for (const file of files) {
    if (!(await isEmpty(parts, file))) continue;
    await parts.write({ records: [], edits: () => [], remove: file });
    removed++;
  }
  return removed > 0;
}

/** What is gone comes first; the file that takes records counts only when it wastes a quarter of a full one. */
async function filesToCopy({ index, files }: CompactionParts, deadShare: number): Promise<number[]> {
  let [worst, most] = [[] as number[], 0];
  const sizes = new Map<number, number>();
  for (const [file, live] of await index.files()) {
    if (live === REMOVED) continue;
    const size = await files.sizeOf(file);
    if (size === undefined) return [file];
    sizes.set(file, size);
    const dead = size - live;
    if (dead <= 0 || dead < deadShare * size || dead < most) continue;
    if (file === files.active && dead < files.maxFileBytes / 4) continue;
    [worst, most] = [[file], dead];
  }
  return worst.length > 0 ? worst : files.mergeable(sizes);
}

async function copyLive(
  parts: CompactionParts,
  { throttle }: CompactionOptions,
  files: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  let [found, bytes] = [[] as FoundRecord[], 0];
  const flush = async (): Promise<void> => {
    await throttle(2 * bytes);
    signal.throwIfAborted();
    await copy(parts, found, bytes);
    [found, bytes] = [[], 0];
  };
  for (const file of files)
    await parts.files.visit(file, async (record) => {
      signal.throwIfAborted();
      if (!(await isLive(parts, record))) return;
      found.push(record);
      bytes += recordBytes(record.place.length);
      if (bytes >= parts.files.copyBytes) await flush();
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
