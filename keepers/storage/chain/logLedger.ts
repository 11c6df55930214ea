import type { Provider } from "ethers";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { IStorageLog } from "../../../typechain-types/storage/interfaces/IStorageLog.js";
import { MountainRange } from "../../coding/mountainRange.ts";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { concatBytes, fromHex, sameBytes } from "../../runtime/platform/bytes.ts";
import type { Store } from "../../runtime/store/store.ts";
import { entryHash, type LogEntry, type LogHead, type LogProof } from "../format/inclusion.ts";
import { HASH_BYTES } from "../format/limits.ts";
import { contractAddress } from "./committeeView.ts";

export interface LogLedgerNeeds {
  readonly provider: Provider;
  readonly deployment: Deployment;
  /** Keeps what was read, so that each entry is read once; without it a process reads all anew. */
  readonly store?: Store | undefined;
}

/** Entries in one record of the store: 32 KiB. */
const CHUNK = 1_024;
/** Entries asked for at once. */
const AT_ONCE = 100;
/** A reorg is looked for among so many entries first. */
const FIRST_STEP = 64;

/**
 * All leaves of the log, 32 bytes a batch, from which any entry is proven against the log as it stands. What was read counts
 * only once its root is the contract's; when a reorg has changed earlier entries they are read again.
 */
export class LogLedger {
  readonly #needs: LogLedgerNeeds;
  readonly #log: IStorageLog;
  readonly #lock = new KeyedLock();
  #range: MountainRange | undefined;

  constructor(needs: LogLedgerNeeds) {
    this.#needs = needs;
    this.#log = IStorageLog__factory.connect(contractAddress(needs.deployment, "StorageLog"), needs.provider);
  }

  /**
   * Proves entries against the log as it is now.
   * @throws FatalError storage/unknown-batch; RetryableError storage/unsteady-log
   */
  async prove(ids: readonly bigint[], signal: AbortSignal): Promise<LogProof[]> {
    return await this.#lock.run("range", async () => {
      const { head, range, block } = await this.#catchUp(signal);
      return await Promise.all(
        ids.map(async (id) => {
          if (id < 0n || id >= BigInt(head.count)) throw unknown(id, head);
          const entry = entryOf(await this.#log.batchAt(id, { blockTag: block }));
          return { ...head, id, entry, path: range.prove(Number(id)) };
        }),
      );
    });
  }

  async #catchUp(signal: AbortSignal): Promise<{ head: LogHead; range: MountainRange; block: number }> {
    const block = await this.#needs.provider.getBlockNumber();
    const [count, root] = await Promise.all([
      this.#log.batchCount({ blockTag: block }),
      this.#log.logRoot({ blockTag: block }),
    ]);
    const head = { count: Number(count), root };
    this.#range ??= await this.#load();
    const known = this.#range;
    for (let step = 0; ; step = Math.max(FIRST_STEP, step * 8)) {
      const kept = Math.max(0, Math.min(known.count, head.count) - step);
      const range = MountainRange.restore(known.serialise().subarray(0, kept * HASH_BYTES));
      await this.#read(range, head.count, block, signal);
      if (sameBytes(range.root(), fromHex(root.slice(2)))) {
        await this.#save(range, kept);
        this.#range = range;
        return { head, range, block };
      }
      if (kept === 0) throw unsteady(head);
    }
  }

  async #read(range: MountainRange, count: number, block: number, signal: AbortSignal): Promise<void> {
    while (range.count < count) {
      signal.throwIfAborted();
      const ids = Array.from({ length: Math.min(AT_ONCE, count - range.count) }, (_, i) => range.count + i);
      const batches = await Promise.all(ids.map((id) => this.#log.batchAt(id, { blockTag: block })));
      for (const batch of batches) range.append(entryHash(entryOf(batch)));
    }
  }

  async #load(): Promise<MountainRange> {
    const parts: Uint8Array[] = [];
    for await (const [, bytes] of this.#needs.store?.scan({ prefix: "leaves/" }) ?? []) {
      parts.push(bytes);
      if (bytes.length < CHUNK * HASH_BYTES) break;
    }
    return MountainRange.restore(concatBytes(parts));
  }

  /** @param kept entries that were there before */
  async #save(range: MountainRange, kept: number): Promise<void> {
    const { store } = this.#needs;
    if (store === undefined || kept === range.count) return;
    const leaves = range.serialise();
    const first = Math.floor(kept / CHUNK);
    const writes = Array.from({ length: Math.ceil(range.count / CHUNK) - first }, (_, i) => ({
      kind: "put" as const,
      key: chunkKey(first + i),
      value: leaves.slice((first + i) * CHUNK * HASH_BYTES, (first + i + 1) * CHUNK * HASH_BYTES),
    }));
    await store.batch(writes);
  }
}

function chunkKey(number: number): string {
  return `leaves/${number.toString().padStart(10, "0")}`;
}

function entryOf(batch: IStorageLog.BatchStructOutput): LogEntry {
  const { root, firstUnit, units, expiry, owner, timestamp } = batch;
  const numbers = { committee: Number(batch.committee), segments: Number(batch.segments) };
  return { root, ...numbers, firstUnit, units, expiry, owner, timestamp };
}

function unknown(id: bigint, { count }: LogHead): FatalError {
  return new FatalError("storage/unknown-batch", `the log has ${count} batches, none of number ${id}`, {
    id: id.toString(),
    count,
  });
}

function unsteady({ count, root }: LogHead): RetryableError {
  return new RetryableError(
    "storage/unsteady-log",
    `the entries that the chain's node gave do not add up to the log's root ${root}; try again`,
    { count, root },
  );
}
