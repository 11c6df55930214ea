import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import type { PublishedBatch } from "../client/clientTypes.ts";
import type { BatchSegment } from "../format/batch.ts";

/** A batch that is to be published, or was: its segments are fixed, so that it is the same batch after a crash. */
export interface DraftRecord {
  readonly number: number;
  readonly committee: number;
  readonly segments: readonly BatchSegment[];
  /** Months of 30 days; 0 = for ever. */
  readonly months: number;
  /** Ids of the orders that are in it. */
  readonly orders: readonly string[];
  /** Whether the publisher packed it, or writers stored it. */
  readonly kind: "packs" | "segments";
  /** Times that members have refused it for what it holds. */
  readonly refusals: number;
  readonly published?: Pick<
    PublishedBatch,
    "id" | "block" | "transaction" | "expiry" | "state" | "slotsCovered"
  >;
}

const DIGITS = 16;

/** Drafts: open until their batch lies deep in the chain, settled from then on. */
export class DraftBook {
  readonly #open: Records<DraftRecord>;
  readonly #settled: Records<DraftRecord>;
  #next = 0;

  private constructor(store: Store) {
    this.#open = createRecords(store, "open/", plainFormat());
    this.#settled = createRecords(store, "settled/", plainFormat());
  }

  /** @param store all of the publisher's, so that writes of several books go together */
  static async open(store: Store): Promise<DraftBook> {
    const book = new DraftBook(store);
    for (const records of [book.#open, book.#settled])
      for await (const [key] of records.scan({ reverse: true, limit: 1 }))
        book.#next = Math.max(book.#next, Number(key) + 1);
    return book;
  }

  takeNumber(): number {
    return this.#next++;
  }

  async openDrafts(): Promise<DraftRecord[]> {
    const drafts: DraftRecord[] = [];
    for await (const [, draft] of this.#open.scan()) drafts.push(draft);
    return drafts;
  }

  async find(number: number): Promise<DraftRecord | undefined> {
    return (await this.#open.get(keyOf(number))) ?? (await this.#settled.get(keyOf(number)));
  }

  async note(draft: DraftRecord): Promise<void> {
    await this.#open.put(keyOf(draft.number), draft);
  }

  openWrite(draft: DraftRecord): StoreWrite {
    return this.#open.putWrite(keyOf(draft.number), draft);
  }

  dropWrite({ number }: DraftRecord): StoreWrite {
    return this.#open.deleteWrite(keyOf(number));
  }

  settleWrites(draft: DraftRecord): StoreWrite[] {
    return [this.dropWrite(draft), this.#settled.putWrite(keyOf(draft.number), draft)];
  }
}

function keyOf(number: number): string {
  return number.toString().padStart(DIGITS, "0");
}
