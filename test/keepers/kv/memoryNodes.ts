import type { TrieNodes } from "../../../keepers/kv/trie/trie.ts";
import type { EngineWrite } from "../../../keepers/runtime/store/engine.ts";

/** Nodes of tries in memory. */
export class MemoryNodes implements TrieNodes {
  readonly #nodes = new Map<string, Buffer>();

  get size(): number {
    return this.#nodes.size;
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return keys.map((key) => this.#nodes.get(key.toString("hex")));
  }

  write(writes: readonly EngineWrite[]): void {
    for (const { key, value } of writes)
      if (value === undefined) this.#nodes.delete(key.toString("hex"));
      else this.#nodes.set(key.toString("hex"), value);
  }
}
