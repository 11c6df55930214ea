import { FatalError } from "../errors.ts";
import { encodeKey } from "./keys.ts";
import type { Store, StoreRange, StoreWrite } from "./store.ts";

/** A view of a store in which every key lives under a prefix. Closing the view closes nothing. */
export class PrefixedStore implements Store {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, prefix: string) {
    if (!prefix.isWellFormed()) {
      throw new FatalError("store/key-refused", "A prefix must be a well-formed string.", {});
    }
    this.#store = store;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#full(key));
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    return this.#store.put(this.#full(key), value);
  }

  async delete(key: string): Promise<void> {
    return this.#store.delete(this.#full(key));
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    return this.#store.batch(this.#all(writes));
  }

  async putIfAbsent(key: string, value: Uint8Array, also: readonly StoreWrite[] = []): Promise<boolean> {
    return this.#store.putIfAbsent(this.#full(key), value, this.#all(also));
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    const inner = {
      ...range,
      prefix: this.#prefix + (range.prefix ?? ""),
      ...(range.from === undefined ? {} : { from: this.#prefix + range.from }),
    };
    for await (const [key, value] of this.#store.scan(inner)) {
      yield [key.slice(this.#prefix.length), value];
    }
  }

  under(prefix: string): Store {
    return new PrefixedStore(this.#store, this.#prefix + prefix);
  }

  async close(): Promise<void> {}

  #full(key: string): string {
    encodeKey(key);
    return this.#prefix + key;
  }

  #all(writes: readonly StoreWrite[]): StoreWrite[] {
    return writes.map((write) => ({ ...write, key: this.#full(write.key) }));
  }
}
