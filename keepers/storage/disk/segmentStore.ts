import { KeyedLock } from "../../runtime/keyedLock.ts";
import type { Store } from "../../runtime/store/store.ts";
import { HASH_BYTES, STRIP_PATH_HASHES } from "../format/limits.ts";
import { nameOf } from "../format/names.ts";
import { type PackEntry, parsePackTable } from "../format/pack.ts";
import { elementsOf } from "../format/placement.ts";
import type { SegmentUpload } from "../format/segmentFormat.ts";
import type { Strip } from "../format/stripFormat.ts";
import { type CreditLimit, UploadCredit } from "../node/uploadCredit.ts";
import { type CompactionOptions, compact } from "./compaction.ts";
import { DiskQuota } from "./diskQuota.ts";
import { uploadFailure } from "./diskSpace.ts";
import { GroupCommit } from "./groupCommit.ts";
import { isSame, placesOf } from "./indexChange.ts";
import type { RecoveryReport, RowFiles, RowPlace } from "./rowFiles.ts";
import { headRecord, type RecordPlace, type RowRecord, recordBytes, stripRecord } from "./rowRecords.ts";
import { heldStrips, type IndexEdit, type SegmentEntry, SegmentIndex } from "./segmentIndex.ts";
import { behind, packEdit, recoverStore, UPLOADER_BYTES } from "./storeRecovery.ts";
import type { Write } from "./write.ts";

export interface SegmentStoreOptions {
  /** Where the row files lie. */
  readonly rows: RowPlace;
  /** Index; nobody else writes here. */
  readonly store: Store;
  readonly quotaBytes: number;
  readonly creditOf: CreditLimit;
}

/** Told which segment has lost strips that the disk no longer gives back. */
type LossListener = (commitment: string) => void;

const GROUP_WRITES = 64;
/** A receipt is noted once an hour, milliseconds. */
const RECEIPT_MS = 3_600_000;
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
    const { rows, store } = options;
    const index = new SegmentIndex(store);
    try {
      const recovery = await recoverStore(rows, index);
      return new SegmentStore(options, await rows.open(await index.cursor()), index, recovery);
    } catch (error) {
      await rows.abandon();
      throw error;
    }
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
      if (known !== undefined) await this.#noteReceipt(name, known);
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
          if (known !== undefined) return [{ kind: "segment", commitment: name, strips }];
          const paid = batch === undefined ? {} : { batch };
          const first = { shape, rowRoot, uploader, head: places[0]!, at: Date.now(), ...paid };
          return [{ kind: "segment", commitment: name, head: first, strips }];
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
      await this.#store(entry.uploader, entry.batch !== undefined, [record], ([place]) => [
        packEdit(name, place!, entries),
      ]);
    });
  }

  /** The head as it was sent, or undefined when the segment is unknown or the disk has lost it. */
  async head(commitment: Uint8Array): Promise<Uint8Array | undefined> {
    const name = nameOf(commitment);
    for (;;) {
      const entry = await this.index.segment(name);
      if (entry === undefined) return undefined;
      const [payload] = await this.#files.read([entry.head]);
      if (payload !== undefined) return payload.subarray(UPLOADER_BYTES);
      if (await this.#hasMoved(name, [entry.head])) continue;
      await this.#forget({ kind: "lost", segment: name, head: entry.head });
      return undefined;
    }
  }

  /** Those of the wanted strips that are held and sound, rising. */
  async strips(commitment: Uint8Array, wanted: readonly number[]): Promise<Strip[]> {
    const name = nameOf(commitment);
    for (;;) {
      const entry = await this.index.segment(name);
      const strips = (entry?.strips ?? [])
        .filter(([number]) => wanted.includes(number))
        .sort(([a], [b]) => a - b);
      const payloads = await this.#files.read(strips.map(([, place]) => place));
      const lost = strips.filter((_, i) => payloads[i] === undefined);
      if (lost.length > 0) {
        const places = lost.map(([, place]) => place);
        if (await this.#hasMoved(name, places)) continue;
        await this.#forget({ kind: "lost", segment: name, strips: lost });
      }
      return strips.flatMap(([number], i) => {
        const payload = payloads[i];
        if (payload === undefined) return [];
        return [{ number, path: payload.subarray(0, PATH_BYTES), rows: payload.subarray(PATH_BYTES) }];
      });
    }
  }

  /**
   * Gives up strips of a segment; the segment and what it packs when none is left. Its space comes back by compaction.
   * @param keep strips to keep, decided while nothing of the segment changes
   * @returns bytes that are not needed any more
   */
  drop(commitment: string, keep: (entry: SegmentEntry) => bigint): Promise<number> {
    return this.#locks.run(commitment, async () => {
      const entry = await this.index.segment(commitment);
      if (entry === undefined) return 0;
      const held = heldStrips(entry);
      const kept = held & keep(entry);
      if (kept === held && held !== 0n) return 0;
      const edit: IndexEdit =
        kept === 0n
          ? { kind: "dropped", segment: commitment, objects: await this.#objectsIn(entry) }
          : { kind: "dropped", segment: commitment, strips: elementsOf(held & ~kept) };
      await this.#commit.add({ records: [], edits: () => [edit] });
      return entry.bytes - ((await this.index.segment(commitment))?.bytes ?? 0);
    });
  }

  /** Copies what is live out of the file that wastes most, if it wastes enough, and removes it; false when there is none. */
  async compact(options: CompactionOptions, signal: AbortSignal): Promise<boolean> {
    const parts = { index: this.index, quota: this.quota, files: this.#files };
    const write = (work: Write) => this.#commit.add(work).then(() => undefined);
    const isLost = async (place: RecordPlace) => (await this.#files.read([place]))[0] === undefined;
    return await compact({ ...parts, write, isLost, forget: (edit) => this.#forget(edit) }, options, signal);
  }

  /** Notes that a batch pays for segments, whoever appended it: their uploaders' credit comes back. */
  async markPublished(edit: Extract<IndexEdit, { kind: "published" }>): Promise<void> {
    await this.#commit.add({ records: [], edits: () => [edit] });
  }

  /** Tells `listener` of every segment of which the disk turns out to have damaged something. */
  onLoss(listener: LossListener): void {
    this.#losses.add(listener);
  }

  async close(): Promise<void> {
    await this.#commit.idle();
    await this.#files.close();
  }

  /** Whether records lie elsewhere by now, or nowhere: compaction may have been faster than a read. */
  async #hasMoved(name: string, places: readonly RecordPlace[]): Promise<boolean> {
    const entry = await this.index.segment(name);
    const now = entry === undefined ? [] : placesOf(entry);
    return places.some((place) => !now.some((other) => isSame(place, other)));
  }

  async #objectsIn({ pack }: SegmentEntry): Promise<string[]> {
    const [table] = pack === undefined ? [] : await this.#files.read([pack]);
    return table === undefined ? [] : parsePackTable(table).map(({ name }) => nameOf(name));
  }

  /** What somebody has a fresh receipt for is kept for a while, paid or not. */
  async #noteReceipt(segment: string, { batch, at = 0 }: SegmentEntry): Promise<void> {
    const now = Date.now();
    if (batch !== undefined || now - at < RECEIPT_MS) return;
    await this.#commit.add({ records: [], edits: () => [{ kind: "receipted", segment, at: now }] });
  }

  /** What the disk has damaged may be stored anew. */
  async #forget(edit: Extract<IndexEdit, { kind: "lost" }>): Promise<void> {
    await this.#commit.add({ records: [], edits: () => [edit] });
    for (const listener of this.#losses) listener(edit.segment);
  }

  async #store(
    uploader: string,
    paid: boolean,
    records: readonly RowRecord[],
    edits: Write["edits"],
  ): Promise<void> {
    const bytes = records.reduce((sum, { payload }) => sum + recordBytes(payload.length), 0);
    await this.#credit.spend(uploader, paid ? 0 : bytes, async () => {
      await this.#files.requireRoom(bytes);
      this.quota.take(bytes);
      try {
        await this.#commit.add({ records, edits });
      } catch (error) {
        this.quota.release(bytes);
        throw uploadFailure(error);
      }
    });
  }

  async #write(writes: readonly Write[]): Promise<undefined[]> {
    for (const { remove, adopt } of writes) {
      if (remove !== undefined) await this.#remove(remove);
      if (adopt !== undefined) await this.#adopt(adopt);
    }
    if (writes.some(({ roll }) => roll === true)) await this.#files.roll();
    const records = writes.flatMap((write) => write.records);
    const places = records.length === 0 ? [] : await this.#files.append(records);
    const queue = [...places];
    const edits = writes.flatMap((write) => write.edits(queue.splice(0, write.records.length)));
    const last = places.at(-1);
    try {
      await this.index.apply(
        edits,
        last && behind(last),
        places.map(({ file }) => file),
      );
    } catch (error) {
      // The records lie on the disk, though nobody was told; a later start may find them.
      for (const { payload } of records) this.quota.occupy(recordBytes(payload.length));
      throw error;
    }
    return writes.map(() => undefined);
  }

  async #adopt(files: ReadonlyMap<number, number>): Promise<void> {
    await this.index.apply([], undefined, files.keys());
    for (const bytes of files.values()) this.quota.occupy(bytes);
  }

  async #remove(file: number): Promise<void> {
    await this.index.giveUpFile(file);
    this.quota.release(await this.#files.remove(file));
    await this.index.forgetFile(file);
  }
}
