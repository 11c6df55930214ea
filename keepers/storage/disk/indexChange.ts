import { type RecordPlace, recordBytes } from "./rowRecords.ts";
import type { IndexEdit, Move, ObjectPlace, SegmentEntry, SegmentIndex } from "./segmentIndex.ts";

/** What edits are folded into. */
type Known = Pick<SegmentIndex, "segment" | "unpublished">;

/** Edits folded into the entries that they touch. */
export class PendingChange {
  readonly segments = new Map<string, SegmentEntry | undefined>();
  readonly objects = new Map<string, ObjectPlace | undefined>();
  readonly credit = new Map<string, number | undefined>();
  /** Bytes of live records that files gain or lose. */
  readonly live = new Map<number, number>();
  readonly #index: Known;

  constructor(index: Known) {
    this.#index = index;
  }

  async add(edit: IndexEdit): Promise<void> {
    switch (edit.kind) {
      case "segment":
        return await this.#addSegment(edit);
      case "pack":
        return await this.#addPack(edit);
      case "published":
        return await this.#addPublished(edit);
      case "receipted":
        return await this.#change(edit.segment, (entry) => ({ ...entry, at: edit.at }));
      case "moved":
        return await this.#change(edit.segment, (entry) => moved(entry, edit.moves));
      default:
        return await this.#remove(edit);
    }
  }

  /** A file is there, whether or not something in it is live. */
  mention(file: number): void {
    this.live.set(file, this.live.get(file) ?? 0);
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
    for (const [, place] of fresh) this.#count(place, 1);
    if (known === undefined) this.#count(base.head, 1);
    if (base.batch === undefined)
      await this.#charge(base.uploader, added + (known === undefined ? base.bytes : 0));
  }

  /** A table counts with its segment; the first one stays. */
  async #addPack(edit: Extract<IndexEdit, { kind: "pack" }>): Promise<void> {
    const entry = await this.#segment(edit.commitment);
    if (entry === undefined || entry.pack !== undefined) return;
    const bytes = recordBytes(edit.place.length);
    this.segments.set(edit.commitment, { ...entry, pack: edit.place, bytes: entry.bytes + bytes });
    this.#count(edit.place, 1);
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

  async #remove(edit: Extract<IndexEdit, { kind: "lost" | "dropped" }>): Promise<void> {
    const entry = await this.#segment(edit.segment);
    if (entry === undefined) return;
    const gone = goneOf(entry, edit);
    if (gone === "all") {
      if ("objects" in edit)
        for (const name of edit.objects) this.objects.set(`${name}/${edit.segment}`, undefined);
      return await this.#replace(edit.segment, entry, undefined);
    }
    if (gone.length === 0) return;
    const strips = entry.strips.filter(([number]) => !gone.includes(number));
    const bytes = bytesAt(placesOf(entry)) - bytesAt(gone.map((number) => placeOfStrip(entry, number)));
    await this.#replace(edit.segment, entry, { ...entry, strips, bytes });
  }

  async #change(segment: string, change: (entry: SegmentEntry) => SegmentEntry): Promise<void> {
    const entry = await this.#segment(segment);
    if (entry !== undefined) await this.#replace(segment, entry, change(entry));
  }

  /** Accounts for what an entry becomes: in files, and in the credit of who sent it. */
  async #replace(segment: string, before: SegmentEntry, after: SegmentEntry | undefined): Promise<void> {
    this.segments.set(segment, after);
    for (const place of placesOf(before)) this.#count(place, -1);
    for (const place of after === undefined ? [] : placesOf(after)) this.#count(place, 1);
    const owed = (entry: SegmentEntry | undefined) =>
      entry === undefined || entry.batch !== undefined ? 0 : entry.bytes;
    await this.#charge(before.uploader, owed(after) - owed(before));
  }

  #count({ file, length }: RecordPlace, sign: 1 | -1): void {
    this.live.set(file, (this.live.get(file) ?? 0) + sign * recordBytes(length));
  }

  async #charge(uploader: string, bytes: number): Promise<void> {
    if (bytes === 0) return;
    const known = this.credit.has(uploader);
    const before = known ? (this.credit.get(uploader) ?? 0) : await this.#index.unpublished(uploader);
    this.credit.set(uploader, before + bytes > 0 ? before + bytes : undefined);
  }

  async #segment(commitment: string): Promise<SegmentEntry | undefined> {
    if (this.segments.has(commitment)) return this.segments.get(commitment);
    return await this.#index.segment(commitment);
  }
}

/** Strips that an edit takes away, or all. */
function goneOf(
  entry: SegmentEntry,
  edit: Extract<IndexEdit, { kind: "lost" | "dropped" }>,
): "all" | readonly number[] {
  if ("objects" in edit) return "all";
  if ("head" in edit) return isSame(edit.head, entry.head) ? "all" : [];
  if (edit.kind === "dropped") return edit.strips.filter((number) => hasStrip(entry, number));
  return edit.strips
    .filter(([number, place]) => hasStrip(entry, number) && isSame(placeOfStrip(entry, number), place))
    .map(([number]) => number);
}

function moved(entry: SegmentEntry, moves: readonly Move[]): SegmentEntry {
  const now = (place: RecordPlace) => moves.find(({ from }) => isSame(from, place))?.to ?? place;
  const strips = entry.strips.map(([number, place]) => [number, now(place)] as const);
  const pack = entry.pack && { pack: now(entry.pack) };
  return { ...entry, head: now(entry.head), strips, ...pack };
}

/** Where all records of a segment lie. */
export function placesOf({ head, strips, pack }: SegmentEntry): RecordPlace[] {
  return [head, ...strips.map(([, place]) => place), ...(pack === undefined ? [] : [pack])];
}

export function isSame(a: RecordPlace, b: RecordPlace): boolean {
  return a.file === b.file && a.offset === b.offset;
}

function hasStrip({ strips }: SegmentEntry, number: number): boolean {
  return strips.some(([held]) => held === number);
}

function placeOfStrip({ strips }: SegmentEntry, number: number): RecordPlace {
  return strips.find(([held]) => held === number)![1];
}

function bytesAt(places: readonly RecordPlace[]): number {
  return places.reduce((sum, { length }) => sum + recordBytes(length), 0);
}
