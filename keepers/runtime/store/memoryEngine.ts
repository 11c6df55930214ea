import { type Bytes, compareBytes, copyOf } from "../platform/bytes.ts";
import type { Engine, EngineEntry, EngineRange, EngineWrite } from "./engine.ts";
import { EngineStore } from "./engineStore.ts";
import type { Store } from "./store.ts";

/** A store that is gone with the process or the page. */
export function openMemoryStore(): Store {
  return new EngineStore(new MemoryEngine());
}

/** Entries in the order of their keys, which are found by halves: what a client notes is little. */
export class MemoryEngine implements Engine {
  readonly #entries: { readonly key: Bytes; value: Bytes }[] = [];

  get(key: Bytes): Bytes | undefined {
    const place = this.#placeOf(key);
    const found = this.#entries[place];
    return found !== undefined && compareBytes(found.key, key) === 0 ? copyOf(found.value) : undefined;
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    return keys.map((key) => this.get(key));
  }

  async page({ low, high, reverse, limit }: EngineRange): Promise<EngineEntry[]> {
    const start = this.#placeOf(low);
    const end = high === undefined ? this.#entries.length : Math.max(start, this.#placeOf(high));
    const count = Math.min(limit, end - start);
    const page = reverse
      ? this.#entries.slice(end - count, end).reverse()
      : this.#entries.slice(start, start + count);
    return page.map(({ key, value }) => [copyOf(key), copyOf(value)] as const);
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    for (const { key, value } of writes) this.#write(key, value);
  }

  async putIfAbsent(key: Bytes, value: Bytes, also: readonly EngineWrite[]): Promise<boolean> {
    if (this.get(key) !== undefined) return false;
    await this.commit([{ key, value }, ...also]);
    return true;
  }

  async close(): Promise<void> {}

  #write(key: Bytes, value: Bytes | undefined): void {
    const place = this.#placeOf(key);
    const found = this.#entries[place];
    const isThere = found !== undefined && compareBytes(found.key, key) === 0;
    if (value === undefined) this.#entries.splice(place, isThere ? 1 : 0);
    else if (isThere) found.value = copyOf(value);
    else this.#entries.splice(place, 0, { key: copyOf(key), value: copyOf(value) });
  }

  /** Of the first entry that is not below a key. */
  #placeOf(key: Bytes): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(this.#entries[middle]!.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
