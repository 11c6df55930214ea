import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import type { Engine, EngineEntry, EngineRange, EngineWrite } from "./engine.ts";
import { commitFailure, requireRoom } from "./noSpace.ts";
import { claimDirectory, releaseDirectory } from "./owner.ts";

/**
 * Opens the embedded engine in a directory of its own, which is made when absent. Writes that are asked for together are
 * committed together, and resolve once the disk has them.
 * @throws FatalError "store/in-use" when another process (or this one) has the directory open;
 * RetryableError store/disk-full, store/write-failed, as every write of the engine: nothing of it is there then
 */
export function openLmdbEngine(directory: string): Engine {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A commit waits for its own flush: what is resolved survives a power cut.
  const root = open({ path: directory, maxDbs: 2, overlappingSync: false, noSubdir: false });
  try {
    claimDirectory(ownerOf(root), directory);
    return new LmdbEngine(root, directory);
  } catch (error) {
    void root.close();
    throw commitFailure(error, directory);
  }
}

class LmdbEngine implements Engine {
  readonly #root: RootDatabase;
  readonly #data: Database<Buffer, Buffer>;
  readonly #directory: string;
  /** Of all commits under way. */
  #bytesUnderWay = 0;

  constructor(root: RootDatabase, directory: string) {
    this.#root = root;
    this.#directory = directory;
    // A commit has a promise of its own too, made right behind this; nobody sees it, and its failure would end the process.
    root.on("beforecommit", () => process.nextTick(() => root.committed.then(undefined, told)));
    this.#data = root.openDB<Buffer, Buffer>("data", { encoding: "binary", keyEncoding: "binary" });
  }

  /** A copy out of the buffer in which lmdb hands out all values: half the time of a buffer that it makes for each. */
  get(key: Buffer): Buffer | undefined {
    const found = this.#data.getBinaryFast(key);
    if (found === undefined) return undefined;
    const copy = Buffer.allocUnsafe(found.length);
    found.copy(copy, 0, 0, copy.length);
    return copy;
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return keys.map((key) => this.get(key));
  }

  async page({ low, high, reverse, limit }: EngineRange): Promise<EngineEntry[]> {
    if (high !== undefined && Buffer.compare(low, high) >= 0) return [];
    const bounds = reverse
      ? { ...(high && { start: high }), exclusiveStart: true, end: low, inclusiveEnd: true, reverse }
      : { start: low, ...(high && { end: high }) };
    const found = this.#data.getRange({ ...bounds, limit, snapshot: true });
    return [...found].map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const);
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    const [first] = writes;
    if (first === undefined) return;
    const isOne = writes.length === 1;
    const write = () => (isOne ? this.#one(first) : this.#data.batch(() => this.#write(writes)));
    await this.#commit(writes, write);
  }

  async putIfAbsent(key: Buffer, value: Buffer, also: readonly EngineWrite[]): Promise<boolean> {
    const writes = [{ key, value }, ...also];
    return await this.#commit(writes, () => this.#data.ifNoExists(key, () => this.#write(writes)));
  }

  async close(): Promise<void> {
    await this.#root.flushed;
    try {
      releaseDirectory(ownerOf(this.#root));
    } finally {
      await this.#root.close();
    }
  }

  /** Queues writes for the commit that is being gathered; the caller's promise covers them. */
  #write(writes: readonly EngineWrite[]): void {
    for (const write of writes) void this.#one(write);
  }

  #one({ key, value }: EngineWrite): Promise<boolean> {
    return value === undefined ? this.#data.remove(key) : this.#data.put(key, value);
  }

  /** Waits for a commit, and says why when the disk did not take it. */
  async #commit<T>(writes: readonly EngineWrite[], write: () => Promise<T>): Promise<T> {
    const bytes = bytesOf(writes);
    requireRoom(this.#directory, this.#bytesUnderWay + bytes);
    this.#bytesUnderWay += bytes;
    try {
      return await write();
    } catch (error) {
      throw commitFailure(await reasonOf(error), this.#directory);
    } finally {
      this.#bytesUnderWay -= bytes;
    }
  }
}

function bytesOf(writes: readonly EngineWrite[]): number {
  let bytes = 0;
  for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0);
  return bytes;
}

function ownerOf(root: RootDatabase): Database<string, string> {
  return root.openDB<string, string>("owner", { encoding: "string" });
}

/** Whoever has asked for a write is told by the promise of that write. */
function told(): void {}

/** LMDB keeps what went wrong in a promise of its own, which rejects a little later. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  return await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
}
