import type { Store, StoreRange, StoreWrite } from "../../../../keepers/runtime/store/store.ts";

/** A store that fails from its n-th write on, as if the process had died there. */
export class FaultyStore implements Store {
  readonly #store: Store;
  /** Writes that still succeed; shared with all that is under it. */
  readonly #left: { writes: number };

  constructor(store: Store, left = { writes: Number.POSITIVE_INFINITY }) {
    this.#store = store;
    this.#left = left;
  }

  /** @param write counted from now; 1 is the next */
  failAt(write: number): void {
    this.#left.writes = write - 1;
  }

  get(key: string) {
    return this.#store.get(key);
  }

  scan(range: StoreRange) {
    return this.#store.scan(range);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    this.#count();
    await this.#store.put(key, value);
  }

  async delete(key: string): Promise<void> {
    this.#count();
    await this.#store.delete(key);
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#count();
    await this.#store.batch(writes);
  }

  async putIfAbsent(key: string, value: Uint8Array, also?: readonly StoreWrite[]): Promise<boolean> {
    this.#count();
    return await this.#store.putIfAbsent(key, value, also);
  }

  under(prefix: string): Store {
    return new FaultyStore(this.#store.under(prefix), this.#left);
  }

  async close(): Promise<void> {}

  #count(): void {
    if (--this.#left.writes < 0) throw new Error("the process died");
  }
}
