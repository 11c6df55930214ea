import type { Store } from "../runtime/store/store.ts";
import { ReceiptJournal } from "./receiptJournal.ts";
import type { Market } from "./receipts.ts";

const KEPT_OPEN = 256;

/** Journals of many sessions; the ones used last stay open. */
export class Journals {
  readonly #store: Store;
  readonly #market: Market;
  readonly #open = new Map<bigint, ReceiptJournal>();

  constructor(store: Store, market: Market) {
    this.#store = store;
    this.#market = market;
  }

  async of(session: bigint): Promise<ReceiptJournal> {
    const kept = this.#open.get(session);
    const journal =
      kept === undefined || kept.isStale
        ? await ReceiptJournal.open(this.#store, this.#market, session)
        : kept;
    this.#open.delete(session);
    this.#open.set(session, journal);
    const [oldest] = this.#open.keys();
    if (this.#open.size > KEPT_OPEN) this.#open.delete(oldest!);
    return journal;
  }
}
