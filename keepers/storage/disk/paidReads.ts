import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { ReadSession } from "../chain/readSessions.ts";

/** What a session owes this node, and what shows it. */
export interface PaidSession {
  readonly session: ReadSession;
  /** Seat that is paid. */
  readonly seat: number;
  /** Most wei that the seat can claim. */
  readonly cap: bigint;
  /** Bytes sent, the answer on its way included. */
  readonly served: bigint;
  /** Of the newest voucher, wei. */
  readonly amount: bigint;
  /** Of the newest voucher, 0x-hex. */
  readonly signature: string;
}

const ID_DIGITS = 20;

/** The newest voucher of each session that has paid this node; what is resolved is durable. */
export class PaidReads {
  readonly #records: Records<PaidSession>;

  constructor(store: Store) {
    this.#records = createRecords(store, "sessions/", plainFormat());
  }

  find(id: bigint): Promise<PaidSession | undefined> {
    return this.#records.get(keyOf(id));
  }

  put(paid: PaidSession): Promise<void> {
    return this.#records.put(keyOf(paid.session.id), paid);
  }

  forget(id: bigint): Promise<void> {
    return this.#records.delete(keyOf(id));
  }

  async *all(): AsyncGenerator<PaidSession> {
    for await (const [, paid] of this.#records.scan()) yield paid;
  }
}

function keyOf(id: bigint): string {
  return id.toString().padStart(ID_DIGITS, "0");
}
