import type { Store, StoreWrite } from "../../runtime/store/store.ts";
import { padded } from "../receiptJournal.ts";

/** Requests and answers, kept until nobody can ask for them any more. */
export class EvidenceRoom {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes to be made together with the receipt. */
  writes(session: bigint, index: bigint, request: Uint8Array, response: Uint8Array): StoreWrite[] {
    return [
      { kind: "put", key: keyOf(session, index, "request"), value: request },
      { kind: "put", key: keyOf(session, index, "response"), value: response },
    ];
  }

  request(session: bigint, index: bigint): Promise<Uint8Array | undefined> {
    return this.#store.get(keyOf(session, index, "request"));
  }

  response(session: bigint, index: bigint): Promise<Uint8Array | undefined> {
    return this.#store.get(keyOf(session, index, "response"));
  }

  /** Deletes what a session's users sent and got; its receipts stay. */
  async forget(session: bigint): Promise<void> {
    const prefix = `evidence/${padded(session)}/`;
    for await (const [key] of this.#store.scan({ prefix })) await this.#store.delete(key);
  }
}

function keyOf(session: bigint, index: bigint, what: "request" | "response"): string {
  return `evidence/${padded(session)}/${padded(index)}/${what}`;
}
