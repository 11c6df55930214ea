import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { claimDirectory, releaseDirectory } from "../../runtime/store/owner.ts";
import type { EngineEntry, EngineRange, EngineWrite, KvEngine } from "./engine.ts";

/**
 * Opens the embedded engine in a directory of its own, which is made when absent.
 * @throws FatalError store/in-use when another process (or this one) has it open
 */
export function openLmdbEngine(directory: string): KvEngine {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A commit waits for its own flush: what is resolved survives a power cut.
  const root = open({ path: directory, maxDbs: 2, overlappingSync: false, noSubdir: false });
  try {
    claimDirectory(ownerOf(root), directory);
    return new LmdbEngine(root);
  } catch (error) {
    void root.close();
    throw error;
  }
}

class LmdbEngine implements KvEngine {
  readonly #root: RootDatabase;
  readonly #data: Database<Buffer, Buffer>;

  constructor(root: RootDatabase) {
    this.#root = root;
    this.#data = root.openDB<Buffer, Buffer>("kv", { encoding: "binary", keyEncoding: "binary" });
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    return this.#read(key);
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return keys.map((key) => this.#read(key));
  }

  async page({ low, high, reverse, limit }: EngineRange): Promise<EngineEntry[]> {
    if (Buffer.compare(low, high) >= 0) return [];
    const bounds = reverse
      ? { start: high, exclusiveStart: true, end: low, inclusiveEnd: true, reverse }
      : { start: low, end: high };
    const found = this.#data.getRange({ ...bounds, limit, snapshot: true });
    return [...found].map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const);
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    await this.#data.batch(() => {
      for (const { key, value } of writes)
        if (value === undefined) void this.#data.remove(key);
        else void this.#data.put(key, value);
    });
  }

  /** A copy out of the buffer in which lmdb hands out all values: half the time of a buffer that it makes for each. */
  #read(key: Buffer): Buffer | undefined {
    const found = this.#data.getBinaryFast(key);
    if (found === undefined) return undefined;
    const copy = Buffer.allocUnsafe(found.length);
    found.copy(copy, 0, 0, copy.length);
    return copy;
  }

  async close(): Promise<void> {
    await this.#root.flushed;
    try {
      releaseDirectory(ownerOf(this.#root));
    } finally {
      await this.#root.close();
    }
  }
}

function ownerOf(root: RootDatabase): Database<string, string> {
  return root.openDB<string, string>("owner", { encoding: "string" });
}
