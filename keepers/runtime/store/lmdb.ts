import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { FatalError } from "../errors.ts";
import { checkWrites, encodeKey, intervalOf } from "./keys.ts";
import { commitFailure } from "./noSpace.ts";
import { claimDirectory, releaseDirectory } from "./owner.ts";
import { PrefixedStore } from "./prefixed.ts";
import type { Store, StoreRange, StoreWrite } from "./store.ts";

/** Entries that a scan reads at a time, so that no read transaction outlives a pause of its reader. */
const PAGE = 256;

/**
 * Opens the embedded store in a directory of its own, which is made when absent. Writes that are asked for together are
 * committed together, and resolve once the disk has them.
 * @throws FatalError "store/in-use" when another process (or this one) has the directory open;
 * RetryableError store/disk-full, store/write-failed, as every write of the store: nothing of it is there then
 */
export function openLmdbStore(directory: string): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A commit waits for its own flush: what is resolved survives a power cut.
  const root = open({ path: directory, maxDbs: 2, overlappingSync: false, noSubdir: false });
  try {
    claimDirectory(root.openDB<string, string>("owner", { encoding: "string" }), directory);
    return new LmdbStore(root, directory);
  } catch (error) {
    void root.close();
    throw commitFailure(error, directory);
  }
}

class LmdbStore implements Store {
  readonly #root: RootDatabase;
  readonly #data: Database<Buffer, Buffer>;
  readonly #directory: string;
  #closed = false;

  constructor(root: RootDatabase, directory: string) {
    this.#root = root;
    this.#directory = directory;
    // A commit has a promise of its own too, made right behind this; nobody sees it, and its failure would end the process.
    root.on("beforecommit", () => process.nextTick(() => root.committed.then(undefined, told)));
    this.#data = root.openDB<Buffer, Buffer>("data", { encoding: "binary", keyEncoding: "binary" });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    return this.#data.getBinary(encodeKey(key));
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    this.#checkOpen();
    await this.#commit(this.#data.put(encodeKey(key), Buffer.from(value)));
  }

  async delete(key: string): Promise<void> {
    this.#checkOpen();
    await this.#commit(this.#data.remove(encodeKey(key)));
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#checkOpen();
    checkWrites(writes);
    if (writes.length > 0) await this.#commit(this.#data.batch(() => this.#write(writes)));
  }

  async putIfAbsent(key: string, value: Uint8Array, also: readonly StoreWrite[] = []): Promise<boolean> {
    this.#checkOpen();
    checkWrites(also);
    const bytes = encodeKey(key);
    const copy = Buffer.from(value);
    const written = this.#data.ifNoExists(bytes, () => {
      void this.#data.put(bytes, copy);
      this.#write(also);
    });
    return await this.#commit(written);
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    let { low, high } = intervalOf(range);
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      this.#checkOpen();
      const wanted = Math.min(left, PAGE);
      const page = this.#page(low, high, wanted, range.reverse === true);
      for (const { key, value } of page) yield [key.toString("utf8"), value];
      const last = page.at(-1)?.key;
      if (last === undefined || page.length < wanted) return;
      left -= page.length;
      if (range.reverse) high = last;
      else low = Buffer.concat([last, Buffer.of(0)]);
    }
  }

  under(prefix: string): Store {
    return new PrefixedStore(this, prefix);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.flushed;
    try {
      releaseDirectory(this.#root.openDB<string, string>("owner", { encoding: "string" }));
    } finally {
      await this.#root.close();
    }
  }

  /** Waits for a commit, and says why when the disk did not take it. */
  async #commit<T>(written: Promise<T>): Promise<T> {
    try {
      return await written;
    } catch (error) {
      throw commitFailure(await reasonOf(error), this.#directory);
    }
  }

  /** Queues writes for the commit that is being gathered; the caller's promise covers them. */
  #write(writes: readonly StoreWrite[]): void {
    for (const write of writes) {
      const key = encodeKey(write.key);
      if (write.kind === "put") void this.#data.put(key, Buffer.from(write.value));
      else void this.#data.remove(key);
    }
  }

  #page(low: Buffer, high: Buffer | undefined, limit: number, reverse: boolean) {
    const bounds = reverse
      ? { ...(high && { start: high }), exclusiveStart: true, end: low, inclusiveEnd: true, reverse }
      : { start: low, ...(high && { end: high }) };
    return [...this.#data.getRange({ ...bounds, limit, snapshot: true })].map(({ key, value }) => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
    }));
  }

  #checkOpen(): void {
    if (this.#closed) throw new FatalError("store/closed", "The store was used after it was closed.");
  }
}

/** Whoever has asked for a write is told by the promise of that write. */
function told(): void {}

/** LMDB keeps what went wrong in a promise of its own, which rejects a little later. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  return await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
}
