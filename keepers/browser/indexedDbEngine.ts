import { FatalError } from "../runtime/errors.ts";
import type { Bytes } from "../runtime/platform/bytes.ts";
import type { Engine, EngineEntry, EngineRange, EngineWrite } from "../runtime/store/engine.ts";
import { EngineStore } from "../runtime/store/engineStore.ts";
import type { Store } from "../runtime/store/store.ts";

const ENTRIES = "entries";

/**
 * A store that outlives the page, under a name of this page's origin. Browsers order keys of bytes as all engines do.
 * @throws FatalError store/unavailable where the browser keeps nothing (as in some private windows)
 */
export async function openBrowserStore(name = "mycelia"): Promise<Store> {
  return new EngineStore(new IndexedDbEngine(await openDatabase(name)));
}

class IndexedDbEngine implements Engine {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async get(key: Bytes): Promise<Bytes | undefined> {
    return bytesOrNothing(await resultOf(this.#entries("readonly").get(keyOf(key))));
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    const entries = this.#entries("readonly");
    return await Promise.all(
      keys.map(async (key) => bytesOrNothing(await resultOf(entries.get(keyOf(key))))),
    );
  }

  async page({ low, high, reverse = false, limit }: EngineRange): Promise<EngineEntry[]> {
    if (limit === 0 || (high !== undefined && indexedDB.cmp(keyOf(low), keyOf(high)) >= 0)) return [];
    const range =
      high === undefined
        ? IDBKeyRange.lowerBound(keyOf(low))
        : IDBKeyRange.bound(keyOf(low), keyOf(high), false, true);
    const asked = this.#entries("readonly").openCursor(range, reverse ? "prev" : "next");
    const page: EngineEntry[] = [];
    await new Promise<void>((resolve, reject) => {
      asked.onerror = () => reject(failure(asked.error));
      asked.onsuccess = () => {
        const cursor = asked.result;
        if (cursor !== null) page.push([new Uint8Array(cursor.key as ArrayBuffer), cursor.value as Bytes]);
        if (cursor === null || page.length === limit) resolve();
        else cursor.continue();
      };
    });
    return page;
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    const entries = this.#entries("readwrite");
    write(entries, writes);
    await endOf(entries.transaction);
  }

  async putIfAbsent(key: Bytes, value: Bytes, also: readonly EngineWrite[]): Promise<boolean> {
    const entries = this.#entries("readwrite");
    const isFree = (await resultOf(entries.getKey(keyOf(key)))) === undefined;
    if (isFree) write(entries, [{ key, value }, ...also]);
    await endOf(entries.transaction);
    return isFree;
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #entries(mode: IDBTransactionMode): IDBObjectStore {
    // What is resolved is durable: not only handed to the system.
    return this.#database.transaction(ENTRIES, mode, { durability: "strict" }).objectStore(ENTRIES);
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  if (globalThis.indexedDB === undefined) return Promise.reject(failure(undefined));
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(ENTRIES);
  return resultOf(asked);
}

function write(entries: IDBObjectStore, writes: readonly EngineWrite[]): void {
  for (const { key, value } of writes)
    if (value === undefined) entries.delete(keyOf(key));
    else entries.put(Uint8Array.from(value), keyOf(key));
}

/** A copy that holds nothing else: IndexedDB takes the memory behind a view, not the view. */
function keyOf(key: Bytes): ArrayBuffer {
  return Uint8Array.from(key).buffer;
}

function bytesOrNothing(value: unknown): Bytes | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure(request.error));
  });
}

function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(failure(transaction.error));
  });
}

function failure(cause: unknown): FatalError {
  return new FatalError("store/unavailable", "The browser does not keep what this page stores.", {}, cause);
}
