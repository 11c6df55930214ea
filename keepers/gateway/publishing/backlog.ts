import { randomBytes } from "node:crypto";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import type { PublishedBatch } from "../../storage/client.ts";
import { type BatchSegment, encodeBatch, parseBatch } from "../../storage/format/batch.ts";
import { nameOf } from "../../storage/format/names.ts";

/** What is published together; fixed before anything is sent, so that a repetition is the same and is paid once. */
export interface Draft {
  /** Entries of the backlog that it settles. */
  readonly entries: readonly string[];
  /** What of them nobody has paid for; may be empty. */
  readonly segments: readonly BatchSegment[];
}

interface DraftRecord {
  readonly entries: readonly string[];
  readonly segments: Uint8Array;
}

export interface BacklogSize {
  readonly entries: number;
  readonly segments: number;
}

const DRAFT = "draft";
/** Segments of one entry; a larger object has several. */
const ENTRY_SEGMENTS = 4_096;
/** Segments from which on a draft takes no further entries. */
const DRAFT_SEGMENTS = 4_096;
const DRAFT_ENTRIES = 4_096;
const ENTRY_BYTES = encodeBatch([
  { commitment: new Uint8Array(32), shape: { k: 0, n: 0, rowSize: 0 } },
]).length;
const DIGITS = 15;

/** What is stored and not yet paid for, and what was paid until when. */
export class Backlog {
  readonly #store: Store;
  readonly #entries: Store;
  readonly #drafts: Records<DraftRecord>;
  /** Seconds since 1970 until which a segment is paid for; 0 for ever. */
  readonly #paid: Records<number>;
  #entryCount = 0;
  #segmentCount = 0;

  private constructor(store: Store) {
    this.#store = store;
    this.#entries = store.under("unpublished/");
    this.#drafts = createRecords(store, "publishing/", plainFormat<DraftRecord>());
    this.#paid = createRecords(store, "paid/", plainFormat<number>());
  }

  static async open(store: Store): Promise<Backlog> {
    const backlog = new Backlog(store);
    for await (const [, bytes] of backlog.#entries.scan({})) backlog.#count(1, bytes);
    return backlog;
  }

  get size(): BacklogSize {
    return { entries: this.#entryCount, segments: this.#segmentCount };
  }

  /**
   * Writes that note segments, to be made together with the name that stands on them; `noted` is called once they are made.
   */
  note(segments: Iterable<BatchSegment>): { readonly writes: readonly StoreWrite[]; noted(): void } {
    const all = [...segments];
    const stem = `unpublished/${Date.now().toString().padStart(DIGITS, "0")}-${randomBytes(8).toString("hex")}`;
    const writes = Array.from({ length: Math.ceil(all.length / ENTRY_SEGMENTS) }, (_, part) => ({
      kind: "put" as const,
      key: `${stem}-${String(part).padStart(6, "0")}`,
      value: encodeBatch(all.slice(part * ENTRY_SEGMENTS, (part + 1) * ENTRY_SEGMENTS)),
    }));
    const noted = () => {
      for (const { value } of writes) this.#count(1, value);
    };
    return { writes, noted };
  }

  /** Notes segments that no name stands on. */
  async add(segments: Iterable<BatchSegment>): Promise<void> {
    const { writes, noted } = this.note(segments);
    await this.#store.batch(writes);
    noted();
  }

  /**
   * What is to be published next: the draft that was made and not settled, else a new one of the oldest entries.
   * @param paidUntil seconds since 1970; who is paid for until then, or for ever, is not paid for again
   */
  async draft(paidUntil: number): Promise<Draft | undefined> {
    const open = await this.#drafts.get(DRAFT);
    if (open !== undefined) return { entries: open.entries, segments: parse(open.segments) };
    const entries: string[] = [];
    const segments = new Map<string, BatchSegment>();
    for await (const [key, bytes] of this.#entries.scan({ limit: DRAFT_ENTRIES })) {
      if (segments.size >= DRAFT_SEGMENTS) break;
      entries.push(key);
      for (const segment of parse(bytes)) segments.set(nameOf(segment.commitment), segment);
    }
    if (entries.length === 0) return undefined;
    for (const name of segments.keys()) {
      const until = await this.#paid.get(name);
      if (until !== undefined && (until === 0 || until >= paidUntil)) segments.delete(name);
    }
    const draft = { entries, segments: [...segments.values()] };
    await this.#drafts.put(DRAFT, { entries, segments: encodeBatch(draft.segments) });
    return draft;
  }

  /** The draft is published; its entries go with it. */
  async settle({ entries }: Draft, batches: readonly PublishedBatch[]): Promise<void> {
    const going: Uint8Array[] = [];
    for (const key of entries) {
      const bytes = await this.#entries.get(key);
      if (bytes !== undefined) going.push(bytes);
    }
    const paid = batches.flatMap(({ contents, expiry }) =>
      contents.map(({ commitment }) => this.#paid.putWrite(nameOf(commitment), Number(expiry))),
    );
    await this.#store.batch([
      ...entries.map((key) => ({ kind: "delete" as const, key: `unpublished/${key}` })),
      ...paid,
      this.#drafts.deleteWrite(DRAFT),
    ]);
    for (const bytes of going) this.#count(-1, bytes);
  }

  #count(sign: 1 | -1, bytes: Uint8Array): void {
    this.#entryCount += sign;
    this.#segmentCount += (sign * bytes.length) / ENTRY_BYTES;
  }
}

function parse(bytes: Uint8Array): BatchSegment[] {
  return bytes.length === 0 ? [] : parseBatch(bytes);
}
