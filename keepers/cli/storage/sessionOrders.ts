import { createRecords, plainFormat } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";

/** A read session that a get has ordered: noted before anything is sent, forgotten once it is closed. */
export interface SessionOrder {
  /** Names the order: the same key never opens a second session. */
  readonly key: string;
  /** 0x-hex; what it was opened for. */
  readonly objectRoot: string;
  readonly committee: number;
  /** Wei. */
  readonly budget: bigint;
  /** Seconds for which members serve. */
  readonly duration: number;
  /** Whether it was too little once; it is not gone on with then. */
  readonly spent: boolean;
  /** What the chain says of it, once it is known to be open. */
  readonly open?: OpenedSession;
}

export interface OpenedSession {
  readonly id: bigint;
  /** Timestamp from which members needn't serve, seconds. */
  readonly expiresAt: bigint;
  /** Last timestamp at which members can claim, and what is left can't be had, seconds. */
  readonly claimBefore: bigint;
}

/** An order whose session is open. */
export type OpenOrder = SessionOrder & { readonly open: OpenedSession };

/** What this person has locked for reads, so that a crash loses nothing. */
export interface SessionOrders {
  note(order: SessionOrder): Promise<void>;
  forget(order: SessionOrder): Promise<void>;
  all(): Promise<SessionOrder[]>;
}

export function createSessionOrders(store: Store): SessionOrders {
  const records = createRecords<SessionOrder>(store, "read-sessions/", plainFormat());
  return {
    note: (order) => records.put(order.key, order),
    forget: ({ key }) => records.delete(key),
    async all() {
      const all: SessionOrder[] = [];
      for await (const [, order] of records.scan()) all.push(order);
      return all;
    },
  };
}
