import { FatalError } from "../errors.ts";
import { copyOf, textOf } from "../platform/bytes.ts";
import type { Engine, EngineWrite } from "./engine.ts";
import { encodeKey, intervalOf } from "./keys.ts";
import { PrefixedStore } from "./prefixed.ts";
import type { Store, StoreRange, StoreWrite } from "./store.ts";
import { entriesOf } from "./walk.ts";

/** A store on any engine: keys are strings there, and a closed store says so. */
export class EngineStore implements Store {
  readonly #engine: Engine;
  #closed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    return await this.#engine.get(encodeKey(key));
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.batch([{ kind: "put", key, value }]);
  }

  async delete(key: string): Promise<void> {
    await this.batch([{ kind: "delete", key }]);
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#checkOpen();
    await this.#engine.commit(encodeWrites(writes));
  }

  async putIfAbsent(key: string, value: Uint8Array, also: readonly StoreWrite[] = []): Promise<boolean> {
    this.#checkOpen();
    return await this.#engine.putIfAbsent(encodeKey(key), copyOf(value), encodeWrites(also));
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    const page: Engine["page"] = async (part) => {
      this.#checkOpen();
      return await this.#engine.page(part);
    };
    for await (const [key, value] of entriesOf({ page }, { ...range, ...intervalOf(range) }))
      yield [textOf(key), value];
  }

  under(prefix: string): Store {
    return new PrefixedStore(this, prefix);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#engine.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new FatalError("store/closed", "The store was used after it was closed.");
  }
}

/** Refuses all when one key is refused; values are copied, as their owner may go on writing. */
function encodeWrites(writes: readonly StoreWrite[]): EngineWrite[] {
  return writes.map((write) => ({
    key: encodeKey(write.key),
    value: write.kind === "put" ? copyOf(write.value) : undefined,
  }));
}
