import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { contractOf } from "../../runtime/chain/deployment.ts";
import type { BlockHandler, FollowedBlock } from "../../runtime/chain/follower.ts";
import type { KeeperContext } from "../../runtime/context.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";

/** A batch as the log has it. */
export interface Batch {
  readonly id: bigint;
  readonly committee: number;
  /** Lower-case hex without prefix. */
  readonly root: string;
  /** Lower-case address. */
  readonly owner: string;
  readonly segments: number;
  /** Units of the committee's batches before it. */
  readonly firstUnit: bigint;
  readonly units: bigint;
  /** Timestamp from which nobody need hold it, seconds; 0 = never. */
  readonly expiry: bigint;
  /** Slots whose owners have signed for it. */
  readonly covered: bigint;
}

interface BatchRecord extends Omit<Batch, "covered"> {
  /** What each certificate covered in all, oldest first; a reorg takes the newest away. */
  readonly certificates: readonly { readonly block: string; readonly slots: bigint }[];
}

const log = IStorageLog__factory.createInterface();
const UNIT_DIGITS = 20;

/** Batches of all committees as the chain has them at the configured depth; a reorg undoes what it must. */
export class Batches {
  readonly #batches: Records<BatchRecord>;
  /** Key of each batch, by its id. */
  readonly #keys: Records<string>;
  #changes = 0;

  constructor(store: Store) {
    this.#batches = createRecords(store, "batches/", plainFormat());
    this.#keys = createRecords(store, "ids/", plainFormat());
  }

  /** Grows whenever something may have changed, so that nobody reads through all for nothing. */
  get changes(): number {
    return this.#changes;
  }

  /** To be given to a follower of StorageLog. */
  readonly handler: Pick<BlockHandler, "apply" | "undo"> = {
    apply: async (block) => {
      for (const event of eventsOf(block)) await this.#apply(event, block.hash);
      this.#changes++;
    },
    undo: async (block) => {
      for (const event of eventsOf(block).toReversed()) await this.#undo(event, block.hash);
      this.#changes++;
    },
  };

  /** Batches of a committee that somebody must hold at `time`, oldest first. @param time seconds */
  async *live(committee: number, time: bigint): AsyncGenerator<Batch> {
    for await (const batch of this.all(committee)) if (isLive(batch, time)) yield batch;
  }

  async *all(committee: number): AsyncGenerator<Batch> {
    for await (const [, record] of this.#batches.scan({ prefix: `${committee}/` })) yield batchOf(record);
  }

  async byId(id: bigint): Promise<Batch | undefined> {
    const key = await this.#keys.get(String(id));
    const record = key === undefined ? undefined : await this.#batches.get(key);
    return record && batchOf(record);
  }

  /** The batch of a committee in which a unit lies. */
  async byUnit(committee: number, unit: bigint): Promise<Batch | undefined> {
    const range = { prefix: `${committee}/`, from: keyOf(committee, unit), reverse: true, limit: 1 };
    for await (const [, record] of this.#batches.scan(range))
      if (unit < record.firstUnit + record.units) return batchOf(record);
    return undefined;
  }

  async #apply(event: BatchEvent, block: string): Promise<void> {
    if (event.kind === "appended") {
      const key = keyOf(event.batch.committee, event.batch.firstUnit);
      await this.#batches.put(key, { ...event.batch, certificates: [] });
      await this.#keys.put(String(event.batch.id), key);
      return;
    }
    await this.#change(event.id, (record) => {
      const others = record.certificates.filter((one) => one.block !== block || one.slots !== event.slots);
      return { ...record, certificates: [...others, { block, slots: event.slots }] };
    });
  }

  async #undo(event: BatchEvent, block: string): Promise<void> {
    if (event.kind === "appended") {
      await this.#batches.delete(keyOf(event.batch.committee, event.batch.firstUnit));
      await this.#keys.delete(String(event.batch.id));
      return;
    }
    await this.#change(event.id, (record) => ({
      ...record,
      certificates: record.certificates.filter((one) => one.block !== block),
    }));
  }

  async #change(id: bigint, change: (record: BatchRecord) => BatchRecord): Promise<void> {
    const key = await this.#keys.get(String(id));
    const record = key === undefined ? undefined : await this.#batches.get(key);
    if (key !== undefined && record !== undefined) await this.#batches.put(key, change(record));
  }
}

/** Follows the log; what a reorg takes away is forgotten with it. */
export function followBatches({ deployment, store, follow }: KeeperContext): Batches {
  const { address, block } = contractOf(deployment, "StorageLog");
  const batches = new Batches(store.under("storage/log/"));
  // A follower that fails ends the keeper through its context; there is nothing to add here.
  follow("storage log", { addresses: [address], fromBlock: block }, batches.handler).catch(() => undefined);
  return batches;
}

/** Whether somebody must hold a batch at `time`, seconds. */
export function isLive({ expiry }: Pick<Batch, "expiry">, time: bigint): boolean {
  return expiry === 0n || time < expiry;
}

type BatchEvent =
  | { readonly kind: "appended"; readonly batch: Omit<Batch, "covered"> }
  | { readonly kind: "certified"; readonly id: bigint; readonly slots: bigint };

function eventsOf(block: FollowedBlock): BatchEvent[] {
  const events: BatchEvent[] = [];
  for (const entry of block.logs) {
    const event = log.parseLog(entry);
    if (event?.name === "BatchCertified")
      events.push({ kind: "certified", id: event.args.id, slots: event.args.slots });
    if (event?.name !== "BatchAppended") continue;
    const { id, root, owner, committee, segments, firstUnit, units, expiry } = event.args;
    const batch = {
      ...{ id: BigInt(id), committee: Number(committee), root: String(root).slice(2) },
      ...{ owner: String(owner).toLowerCase(), segments: Number(segments) },
      ...{ firstUnit: BigInt(firstUnit), units: BigInt(units), expiry: BigInt(expiry) },
    };
    events.push({ kind: "appended", batch });
  }
  return events;
}

function batchOf({ certificates, ...batch }: BatchRecord): Batch {
  return { ...batch, covered: certificates.reduce((set, { slots }) => set | slots, 0n) };
}

function keyOf(committee: number, firstUnit: bigint): string {
  return `${committee}/${firstUnit.toString().padStart(UNIT_DIGITS, "0")}`;
}
