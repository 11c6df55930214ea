import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import { nameOf } from "../format/names.ts";

/** What a node has committed, or is about to: the sheet that the contract will hash, and the values under the root. */
export interface AuditWork {
  readonly epoch: bigint;
  readonly committee: number;
  readonly seat: number;
  readonly nodeSeed: Uint8Array;
  readonly units: bigint;
  readonly liable: bigint;
  /** 1,024 values of 32 bytes, end to end. */
  readonly values: Uint8Array;
  /** Numbers of samples that could not be shown. */
  readonly missing: readonly number[];
}

/** Epochs whose work is kept: an audit ends in the epoch after its own at the latest. */
const KEPT_EPOCHS = 4n;
const DIGITS = 20;

/**
 * The work of recent audits. It is durable before anything of it is sent, so that a node which is killed, or meets a reorg,
 * commits the same root again, and can open it. Another seed is another work.
 */
export class Workbook {
  readonly #works: Records<AuditWork>;

  constructor(store: Store) {
    this.#works = createRecords(store, "works/", plainFormat());
  }

  get(epoch: bigint, nodeSeed: Uint8Array): Promise<AuditWork | undefined> {
    return this.#works.get(keyOf(epoch, nodeSeed));
  }

  /** Keeps a work, unless there is one for its seed, and forgets what is over; resolves with what holds. */
  async keep(work: AuditWork): Promise<AuditWork> {
    const key = keyOf(work.epoch, work.nodeSeed);
    if (!(await this.#works.putIfAbsent(key, work))) return (await this.#works.get(key)) ?? work;
    for await (const [old, { epoch }] of this.#works.scan()) {
      if (epoch + KEPT_EPOCHS > work.epoch) break;
      await this.#works.delete(old);
    }
    return work;
  }
}

function keyOf(epoch: bigint, nodeSeed: Uint8Array): string {
  return `${epoch.toString().padStart(DIGITS, "0")}/${nameOf(nodeSeed)}`;
}
