import type { EngineWrite } from "../../runtime/store/engine.ts";
import type { TrieNodes } from "./trie.ts";

/** Nodes as they will be once some writes, which are on their way, are in their engine. */
export class NodesAhead implements TrieNodes {
  readonly #nodes: TrieNodes;
  readonly #ahead: ReadonlyMap<string, Buffer | undefined>;

  constructor(nodes: TrieNodes, writes: readonly EngineWrite[]) {
    this.#nodes = nodes;
    this.#ahead = new Map(writes.map(({ key, value }) => [nameOf(key), value]));
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const names = keys.map(nameOf);
    const found = await this.#nodes.getMany(keys.filter((_, i) => !this.#ahead.has(names[i]!)));
    let next = 0;
    return names.map((name) => {
      if (!this.#ahead.has(name)) return found[next++];
      const value = this.#ahead.get(name);
      // The engine may still be reading the value itself.
      return value && Buffer.from(value);
    });
  }
}

function nameOf(key: Buffer): string {
  return key.toString("latin1");
}
