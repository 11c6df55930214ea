import { mkdir } from "node:fs/promises";
import type { Store } from "../../runtime/store/store.ts";
import { HASH_BYTES, STRIP_PATH_HASHES } from "../format/limits.ts";
import { nameOf } from "../format/names.ts";
import { type PackEntry, parsePackTable } from "../format/pack.ts";
import { parseHead, type SegmentUpload } from "../format/segmentFormat.ts";
import type { Strip } from "../format/stripFormat.ts";
import { type CreditLimit, UploadCredit } from "../node/uploadCredit.ts";
import { DiskQuota } from "./diskQuota.ts";
import { GroupCommit } from "./groupCommit.ts";
import { KeyedLock } from "./keyedLock.ts";
import { RowFiles } from "./rowFiles.ts";
import { type RecordPlace, type RowRecord, recordBytes } from "./rowRecords.ts";
import { type FoundRecord, type RecoveryReport, reachesCursor, recoverRowFiles } from "./rowRecovery.ts";
import { heldStrips, type IndexEdit, type ObjectPlace, SegmentIndex } from "./segmentIndex.ts";

export interface SegmentStoreOptions {
  /** Directory of the row files. */
  readonly directory: string;
  /** Index; nobody else writes here. */
  readonly store: Store;
  readonly quotaBytes: number;
  readonly creditOf: CreditLimit;
  readonly maxFileBytes: number;
  readonly onFlush?: (seconds: number) => void;
}

/** Told which segment has lost strips that the disk no longer gives back. */
type LossListener = (commitment: string) => void;

interface Write {
  readonly records: readonly RowRecord[];
  readonly edit: (places: readonly RecordPlace[]) => IndexEdit;
}

const GROUP_WRITES = 64;
const RECOVERY_EDITS = 256;
const UPLOADER_BYTES = 20;
const PATH_BYTES = STRIP_PATH_HASHES * HASH_BYTES;

/** What a node keeps: row files and their index. What a call has resolved survives kill -9 and a power cut. */
export class SegmentStore {
  readonly #files: RowFiles;
  readonly #commit: GroupCommit<Write, undefined>;
  readonly #credit: UploadCredit;
  readonly #locks = new KeyedLock();
  readonly #losses = new Set<LossListener>();
  readonly index: SegmentIndex;
  readonly quota: DiskQuota;
  readonly recovery: RecoveryReport;

  private constructor(
    options: SegmentStoreOptions,
    files: RowFiles,
    index: SegmentIndex,
    recovery: RecoveryReport,
  ) {
    this.#files = files;
    this.index = index;
    this.recovery = recovery;
    this.quota = new DiskQuota(options.quotaBytes);
    this.quota.occupy(recovery.bytes);
    this.#credit = new UploadCredit(options.creditOf, (uploader) => index.unpublished(uploader));
    this.#commit = new GroupCommit((writes) => this.#write(writes), GROUP_WRITES);
  }

  /** Opens the files, cuts off what a crash tore, and brings the index up to them, or makes it anew when it is missing. */
  static async open(options: SegmentStoreOptions): Promise<SegmentStore> {
    const { directory, maxFileBytes, onFlush } = options;
    const index = new SegmentIndex(options.store);
    const recovery = await recover(directory, index);
    const files = await RowFiles.open(directory, { maxFileBytes, ...(onFlush && { onFlush }) });
    return new SegmentStore(options, files, index, recovery);
  }

  /**
   * Stores the strips of a checked upload that are not held yet; resolves with all held strips once they are durable.
   * @param uploader lower-case address
   * @param batch that pays for the segment, when it is known to be published
   * @throws FatalError storage/quota-exceeded, storage/credit-exceeded; RetryableError storage/write-failed; nothing changes
   */
  putStrips(
    commitment: Uint8Array,
    uploader: string,
    upload: SegmentUpload,
    batch?: bigint,
  ): Promise<{ held: bigint; added: number }> {
    const name = nameOf(commitment);
    return this.#locks.run(name, async () => {
      const known = await this.index.segment(name);
      const held = known === undefined ? 0n : heldStrips(known);
      const fresh = upload.strips.filter(({ number }) => ((held >> BigInt(number)) & 1n) === 0n);
      if (fresh.length === 0) return { held, added: 0 };
      const records = fresh.map((strip) => stripRecord(commitment, strip));
      const { shape } = upload.head;
      const rowRoot = Uint8Array.from(upload.head.rowRoot);
      const head = known === undefined ? [headRecord(commitment, uploader, upload.headBytes)] : [];
      await this.#store(
        known?.uploader ?? uploader,
        (known === undefined ? batch : known.batch) !== undefined,
        [...head, ...records],
        (places) => {
          const strips = fresh.map(({ number }, i) => [number, places[head.length + i]!] as const);
          if (known !== undefined) return { kind: "segment", commitment: name, strips };
          return {
            kind: "segment",
            commitment: name,
            head: { shape, rowRoot, uploader, head: places[0]!, ...(batch === undefined ? {} : { batch }) },
            strips,
          };
        },
      );
      return {
        held: fresh.reduce((set, { number }) => set | (1n << BigInt(number)), held),
        added: fresh.length,
      };
    });
  }

  /**
   * Stores what a held segment says that it packs; a table that is known already stays.
   * @param table checked, as `parsePackTable` reads it
   * @throws as `putStrips`
   */
  putPack(commitment: Uint8Array, table: Uint8Array, entries: readonly PackEntry[]): Promise<void> {
    const name = nameOf(commitment);
    return this.#locks.run(name, async () => {
      const entry = await this.index.segment(name);
      if (entry === undefined || entry.pack !== undefined) return;
      const record: RowRecord = { kind: "pack", subject: commitment, number: 0, payload: table };
      await this.#store(entry.uploader, entry.batch !== undefined, [record], ([place]) =>
        packEdit(name, place!, entries),
      );
    });
  }

  /** The head as it was sent, or undefined when the segment is unknown or the disk has lost it. */
  async head(commitment: Uint8Array): Promise<Uint8Array | undefined> {
    const entry = await this.index.segment(nameOf(commitment));
    if (entry === undefined) return undefined;
    const [payload] = await this.#files.read([entry.head]);
    if (payload === undefined) await this.#forget({ kind: "lost", segment: nameOf(commitment) });
    return payload?.subarray(UPLOADER_BYTES);
  }

  /** Those of the wanted strips that are held and sound, rising. */
  async strips(commitment: Uint8Array, wanted: readonly number[]): Promise<Strip[]> {
    const entry = await this.index.segment(nameOf(commitment));
    const places = (entry?.strips ?? [])
      .filter(([number]) => wanted.includes(number))
      .sort(([a], [b]) => a - b);
    const payloads = await this.#files.read(places.map(([, place]) => place));
    const lost = places.flatMap(([number], i) => (payloads[i] === undefined ? [number] : []));
    if (lost.length > 0) await this.#forget({ kind: "lost", segment: nameOf(commitment), strips: lost });
    return places.flatMap(([number], i) => {
      const payload = payloads[i];
      if (payload === undefined) return [];
      return [{ number, path: payload.subarray(0, PATH_BYTES), rows: payload.subarray(PATH_BYTES) }];
    });
  }

  /** Notes that a batch pays for segments, whoever appended it: their uploaders' credit comes back. */
  async markPublished(edit: Extract<IndexEdit, { kind: "published" }>): Promise<void> {
    await this.#commit.add({ records: [], edit: () => edit });
  }

  /** Tells `listener` of every segment of which the disk turns out to have damaged something. */
  onLoss(listener: LossListener): void {
    this.#losses.add(listener);
  }

  async close(): Promise<void> {
    await this.#commit.idle();
    await this.#files.close();
  }

  /** What the disk has damaged may be stored anew. */
  async #forget(edit: Extract<IndexEdit, { kind: "lost" }>): Promise<void> {
    await this.#commit.add({ records: [], edit: () => edit });
    for (const listener of this.#losses) listener(edit.segment);
  }

  async #store(
    uploader: string,
    paid: boolean,
    records: readonly RowRecord[],
    edit: Write["edit"],
  ): Promise<void> {
    const bytes = records.reduce((sum, { payload }) => sum + recordBytes(payload.length), 0);
    await this.#credit.spend(uploader, paid ? 0 : bytes, async () => {
      this.quota.take(bytes);
      try {
        await this.#commit.add({ records, edit });
      } catch (error) {
        this.quota.release(bytes);
        throw error;
      }
    });
  }

  async #write(writes: readonly Write[]): Promise<undefined[]> {
    const records = writes.flatMap((write) => write.records);
    const places = records.length === 0 ? [] : await this.#files.append(records);
    const queue = [...places];
    const edits = writes.map((write) => write.edit(queue.splice(0, write.records.length)));
    const last = places.at(-1);
    try {
      await this.index.apply(edits, last && behind(last));
    } catch (error) {
      // The records lie on the disk, though nobody was told; a later start may find them.
      for (const { payload } of records) this.quota.occupy(recordBytes(payload.length));
      throw error;
    }
    return writes.map(() => undefined);
  }
}

async function recover(directory: string, index: SegmentIndex): Promise<RecoveryReport> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const cursor = await index.cursor();
  if (cursor.offset > 0 && !(await reachesCursor(directory, cursor))) await index.wipe();
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

function packEdit(commitment: string, place: RecordPlace, entries: readonly PackEntry[]): IndexEdit {
  const objects = new Map<string, ObjectPlace>();
  for (const { name, kind, offset, length } of entries) objects.set(nameOf(name), { kind, offset, length });
  return { kind: "pack", commitment, place, objects };
}

function behind(place: RecordPlace) {
  return { file: place.file, offset: place.offset + recordBytes(place.length) };
}

function stripRecord(commitment: Uint8Array, { number, path, rows }: Strip): RowRecord {
  return { kind: "strip", subject: commitment, number, payload: Buffer.concat([path, rows]) };
}

function headRecord(subject: Uint8Array, uploader: string, bytes: Uint8Array): RowRecord {
  const payload = Buffer.concat([Buffer.from(uploader.slice(2), "hex"), bytes]);
  return { kind: "head", subject, number: 0, payload };
}
