import type { Shape } from "../../coding/codec.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import type { PackKind } from "../format/pack.ts";
import { setOf } from "../format/placement.ts";
import { type RecordPlace, recordBytes } from "./rowRecords.ts";
import type { RowCursor } from "./rowRecovery.ts";

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
}

/** Where a packed object or manifest lies, as the table of its pack says. */
export interface ObjectPlace {
  readonly kind: PackKind;
  readonly offset: number;
  readonly length: number;
}

/** A change of the index; the records it speaks of are on disk. */
export type IndexEdit =
  | {
      readonly kind: "segment";
      readonly commitment: string;
      /** Absent when the head was stored before. */
      readonly head?: Pick<SegmentEntry, "shape" | "rowRoot" | "uploader" | "head" | "batch">;
      readonly strips: readonly StripPlace[];
    }
  | {
      readonly kind: "pack";
      readonly commitment: string;
      readonly place: RecordPlace;
      /** By name of the object. */
      readonly objects: ReadonlyMap<string, ObjectPlace>;
    }
  | { readonly kind: "lost"; readonly segment: string; readonly strips?: readonly number[] }
  | {
      readonly kind: "published";
      readonly batch: bigint;
      readonly commitments: readonly string[];
    };

const CURSOR = "cursor";
const START: RowCursor = { file: 1, offset: 0 };
const WIPE_BATCH = 512;

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

  constructor(store: Store) {
    this.#store = store;
    this.#segments = createRecords<SegmentEntry>(store, "segments/", plainFormat());
    this.#objects = createRecords<ObjectPlace>(store, "objects/", plainFormat());
    this.#credit = createRecords<number>(store, "unpublished/", plainFormat());
    this.#cursor = createRecords<RowCursor>(store, "", plainFormat());
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

  /** Applies edits and moves the cursor, all or nothing. */
  async apply(edits: readonly IndexEdit[], cursor?: RowCursor): Promise<void> {
    const change = new PendingChange(this);
    for (const edit of edits) await change.add(edit);
    const writes: StoreWrite[] = [
      ...writesOf(this.#segments, change.segments),
      ...writesOf(this.#objects, change.objects),
      ...writesOf(this.#credit, change.credit),
    ];
    if (cursor !== undefined) writes.push(this.#cursor.putWrite(CURSOR, cursor));
    await this.#store.batch(writes);
  }

  /** Forgets everything; the files are read anew. */
  async wipe(): Promise<void> {
    // The cursor goes first: a wipe cut short is then taken up again.
    await this.#cursor.delete(CURSOR);
    for (const prefix of ["segments/", "objects/", "unpublished/"]) {
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

/** Edits folded into the entries that they touch. */
class PendingChange {
  readonly segments = new Map<string, SegmentEntry | undefined>();
  readonly objects = new Map<string, ObjectPlace>();
  readonly credit = new Map<string, number | undefined>();
  readonly #index: SegmentIndex;

  constructor(index: SegmentIndex) {
    this.#index = index;
  }

  async add(edit: IndexEdit): Promise<void> {
    if (edit.kind === "segment") await this.#addSegment(edit);
    else if (edit.kind === "pack") await this.#addPack(edit);
    else if (edit.kind === "published") await this.#addPublished(edit);
    else await this.#dropSegment(edit);
  }

  async #addSegment(edit: Extract<IndexEdit, { kind: "segment" }>): Promise<void> {
    const known = await this.#segment(edit.commitment);
    const base =
      known ?? (edit.head && { ...edit.head, strips: [], bytes: recordBytes(edit.head.head.length) });
    if (base === undefined) return;
    const held = new Set(base.strips.map(([number]) => number));
    const fresh = edit.strips.filter(([number]) => !held.has(number));
    const added = fresh.reduce((sum, [, place]) => sum + recordBytes(place.length), 0);
    this.segments.set(edit.commitment, {
      ...base,
      strips: [...base.strips, ...fresh],
      bytes: base.bytes + added,
    });
    if (base.batch === undefined)
      await this.#charge(base.uploader, added + (known === undefined ? base.bytes : 0));
  }

  /** A table counts with its segment; the first one stays. */
  async #addPack(edit: Extract<IndexEdit, { kind: "pack" }>): Promise<void> {
    const entry = await this.#segment(edit.commitment);
    if (entry === undefined || entry.pack !== undefined) return;
    const bytes = recordBytes(edit.place.length);
    this.segments.set(edit.commitment, { ...entry, pack: edit.place, bytes: entry.bytes + bytes });
    for (const [name, place] of edit.objects) this.objects.set(`${name}/${edit.commitment}`, place);
    if (entry.batch === undefined) await this.#charge(entry.uploader, bytes);
  }

  async #addPublished(edit: Extract<IndexEdit, { kind: "published" }>): Promise<void> {
    for (const commitment of edit.commitments) {
      const entry = await this.#segment(commitment);
      if (entry === undefined || entry.batch !== undefined) continue;
      this.segments.set(commitment, { ...entry, batch: edit.batch });
      await this.#charge(entry.uploader, -entry.bytes);
    }
  }

  async #dropSegment({ segment, strips }: { segment: string; strips?: readonly number[] }): Promise<void> {
    const entry = await this.#segment(segment);
    if (entry === undefined) return;
    if (strips !== undefined) {
      const left = entry.strips.filter(([number]) => !strips.includes(number));
      this.segments.set(segment, { ...entry, strips: left });
      return;
    }
    this.segments.set(segment, undefined);
    if (entry.batch === undefined) await this.#charge(entry.uploader, -entry.bytes);
  }

  async #charge(uploader: string, bytes: number): Promise<void> {
    const known = this.credit.has(uploader);
    const before = known ? (this.credit.get(uploader) ?? 0) : await this.#index.unpublished(uploader);
    this.credit.set(uploader, before + bytes > 0 ? before + bytes : undefined);
  }

  async #segment(commitment: string): Promise<SegmentEntry | undefined> {
    if (this.segments.has(commitment)) return this.segments.get(commitment);
    return await this.#index.segment(commitment);
  }
}
