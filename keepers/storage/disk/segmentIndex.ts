import type { Shape } from "../../coding/codec.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import type { PackKind } from "../format/pack.ts";
import { setOf } from "../format/placement.ts";
import { PendingChange } from "./indexChange.ts";
import type { RowCursor } from "./rowFiles.ts";
import type { RecordPlace } from "./rowRecords.ts";

/** Where one strip lies. */
export type StripPlace = readonly [number: number, place: RecordPlace];

export interface SegmentEntry {
  readonly shape: Shape;
  readonly rowRoot: Uint8Array;
  /** Lower-case address that sent it, and whose credit it uses until it is published. */
  readonly uploader: string;
  readonly head: RecordPlace;
  readonly strips: readonly StripPlace[];
  /** Table of the pack that it is, when somebody has shown it. */
  readonly pack?: RecordPlace;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Batch of the storage log that pays for it. */
  readonly batch?: bigint;
  /** When a receipt was given for it last, give or take an hour, milliseconds since 1970; absent: when the node last started. */
  readonly at?: number;
}

/** Where a packed object or manifest lies, as the table of its pack says. */
export interface ObjectPlace {
  readonly kind: PackKind;
  readonly offset: number;
  readonly length: number;
}

/** A record that was copied. */
export interface Move {
  readonly from: RecordPlace;
  readonly to: RecordPlace;
}

/** A change of the index; the records it speaks of are on disk. */
export type IndexEdit =
  | {
      readonly kind: "segment";
      readonly commitment: string;
      /** Absent when the head was stored before. */
      readonly head?: Pick<SegmentEntry, "shape" | "rowRoot" | "uploader" | "head" | "batch" | "at">;
      readonly strips: readonly StripPlace[];
    }
  | {
      readonly kind: "pack";
      readonly commitment: string;
      readonly place: RecordPlace;
      /** By name of the object. */
      readonly objects: ReadonlyMap<string, ObjectPlace>;
    }
  /** The disk does not give back what lay at these places; without strips: the head, and so all. What moved meanwhile stays. */
  | { readonly kind: "lost"; readonly segment: string; readonly head: RecordPlace }
  | { readonly kind: "lost"; readonly segment: string; readonly strips: readonly StripPlace[] }
  /** No longer wanted: some strips, or all with the objects that a pack holds. */
  | { readonly kind: "dropped"; readonly segment: string; readonly strips: readonly number[] }
  | { readonly kind: "dropped"; readonly segment: string; readonly objects: readonly string[] }
  /** Copied to another place; what is not there any more stays away. */
  | { readonly kind: "moved"; readonly segment: string; readonly moves: readonly Move[] }
  | { readonly kind: "receipted"; readonly segment: string; readonly at: number }
  | {
      readonly kind: "published";
      readonly batch: bigint;
      readonly commitments: readonly string[];
    };

const CURSOR = "cursor";
const UNFINISHED = "unfinished";
const START: RowCursor = { file: 1, offset: 0 };
const WIPE_BATCH = 512;
/** Instead of the live bytes of a file that is to be removed. */
export const REMOVED = -1;

/**
 * What the row files hold, by name, in a store. It says nothing that the files don't say, but which batch pays for what;
 * so it can be made anew from them. One writer (see `SegmentStore`).
 */
export class SegmentIndex {
  readonly #store: Store;
  readonly #segments;
  readonly #objects;
  readonly #credit;
  readonly #cursor;
  readonly #files;

  constructor(store: Store) {
    this.#store = store;
    this.#segments = createRecords<SegmentEntry>(store, "segments/", plainFormat());
    this.#objects = createRecords<ObjectPlace>(store, "objects/", plainFormat());
    this.#credit = createRecords<number>(store, "unpublished/", plainFormat());
    this.#cursor = createRecords<RowCursor>(store, "", plainFormat());
    this.#files = createRecords<number>(store, "files/", plainFormat());
  }

  /** @param commitment lower-case hex without prefix */
  segment(commitment: string): Promise<SegmentEntry | undefined> {
    return this.#segments.get(commitment);
  }

  /**
   * Where uploaders say that an object lies, by rising commitment of the segment.
   * @param after commitment to go on behind; "" begins
   */
  async places(
    name: string,
    after: string,
    limit: number,
  ): Promise<{ commitment: string; place: ObjectPlace }[]> {
    const prefix = `${name}/`;
    const found: { commitment: string; place: ObjectPlace }[] = [];
    for await (const [key, place] of this.#objects.scan({
      prefix,
      from: `${prefix}${after}`,
      limit: limit + 1,
    })) {
      const commitment = key.slice(prefix.length);
      if (commitment > after && found.length < limit) found.push({ commitment, place });
    }
    return found;
  }

  /** Bytes of an uploader that no batch pays for yet. */
  async unpublished(uploader: string): Promise<number> {
    return (await this.#credit.get(uploader)) ?? 0;
  }

  async cursor(): Promise<RowCursor> {
    return (await this.#cursor.get(CURSOR)) ?? START;
  }

  /** Bytes of live records by file, of all files that the index speaks of; `REMOVED` of one that is to go. */
  async files(): Promise<Map<number, number>> {
    const files = new Map<number, number>();
    for await (const [file, live] of this.#files.scan()) files.set(Number(file), live);
    return files;
  }

  /** Names of all segments and what is known of them; edits meanwhile may show or not. */
  async *segments(): AsyncGenerator<readonly [commitment: string, entry: SegmentEntry]> {
    yield* this.#segments.scan();
  }

  /** Nothing lies in a file any more, and it is about to go. */
  async giveUpFile(file: number): Promise<void> {
    const writes = [this.#files.putWrite(fileKey(file), REMOVED)];
    if ((await this.cursor()).file === file)
      writes.push(this.#cursor.putWrite(CURSOR, { file: file + 1, offset: 0 }));
    await this.#store.batch(writes);
  }

  /** A file is gone. */
  async forgetFile(file: number): Promise<void> {
    await this.#files.delete(fileKey(file));
  }

  /**
   * Applies edits and moves the cursor, all or nothing.
   * @param files that are there, whether or not something in them is live
   */
  async apply(edits: readonly IndexEdit[], cursor?: RowCursor, files: Iterable<number> = []): Promise<void> {
    const change = new PendingChange(this);
    for (const edit of edits) await change.add(edit);
    if (cursor !== undefined) change.mention(cursor.file);
    for (const file of files) change.mention(file);
    const writes: StoreWrite[] = [
      ...(await this.#fileWrites(change.live)),
      ...writesOf(this.#segments, change.segments),
      ...writesOf(this.#objects, change.objects),
      ...writesOf(this.#credit, change.credit),
    ];
    if (cursor !== undefined) writes.push(this.#cursor.putWrite(CURSOR, cursor));
    await this.#store.batch(writes);
  }

  async #fileWrites(live: ReadonlyMap<number, number>): Promise<StoreWrite[]> {
    const writes: StoreWrite[] = [];
    for (const [file, more] of live) {
      const before = await this.#files.get(fileKey(file));
      if (before === undefined || more !== 0)
        writes.push(this.#files.putWrite(fileKey(file), (before ?? 0) + more));
    }
    return writes;
  }

  /** Until `finish`, what is here is not all that the files hold. */
  async begin(): Promise<void> {
    await this.#store.put(UNFINISHED, Uint8Array.of(1));
  }

  async finish(): Promise<void> {
    if (await this.isUnfinished()) await this.#store.delete(UNFINISHED);
  }

  async isUnfinished(): Promise<boolean> {
    return (await this.#store.get(UNFINISHED)) !== undefined;
  }

  /** Forgets everything; the files are read anew. */
  async wipe(): Promise<void> {
    // The cursor goes first: a wipe cut short is then taken up again.
    await this.#cursor.delete(CURSOR);
    for (const prefix of ["segments/", "objects/", "unpublished/", "files/"]) {
      for (let found = WIPE_BATCH; found === WIPE_BATCH; ) {
        const writes: StoreWrite[] = [];
        for await (const [key] of this.#store.scan({ prefix, limit: WIPE_BATCH }))
          writes.push({ kind: "delete", key });
        await this.#store.batch(writes);
        found = writes.length;
      }
    }
  }
}

/** Strips of an entry as a set. */
export function heldStrips(entry: SegmentEntry): bigint {
  return setOf(entry.strips.map(([number]) => number));
}

function writesOf<T>(records: Records<T>, changed: ReadonlyMap<string, T | undefined>): StoreWrite[] {
  return [...changed].map(([key, value]) =>
    value === undefined ? records.deleteWrite(key) : records.putWrite(key, value),
  );
}

function fileKey(file: number): string {
  return file.toString().padStart(12, "0");
}
