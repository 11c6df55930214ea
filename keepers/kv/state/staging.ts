import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { type Entry, encodeEntry, parseEntry } from "./entry.ts";
import { historyKey, latestKey, type SpacedKey } from "./stateKeys.ts";

/** A key, and what it holds as some batches leave it. */
export interface Cell {
  readonly key: SpacedKey;
  readonly entry: Entry | undefined;
}

class StagedCell implements Cell {
  readonly key: SpacedKey;
  readonly at: Buffer;
  entry: Entry | undefined;
  isChanged = false;
  /** Entries that later ones have replaced, oldest first. */
  readonly replaced: Entry[] = [];

  constructor(key: SpacedKey, at: Buffer, record: Buffer | undefined) {
    this.key = key;
    this.at = at;
    this.entry = record && parseEntry(record);
  }
}

/** The state of a stream as some batches leave it that aren't committed yet. */
export class Staging {
  readonly #engine: Pick<Engine, "getMany">;
  readonly #stream: number;
  readonly #cells = new Map<string, StagedCell>();
  #changed: SpacedKey[] = [];

  constructor(engine: Pick<Engine, "getMany">, stream: number) {
    this.#engine = engine;
    this.#stream = stream;
  }

  /** The cells of keys, in their order. */
  async load(keys: readonly SpacedKey[]): Promise<Cell[]> {
    const names = keys.map(nameOf);
    const missing = keys.flatMap((key, i) =>
      this.#cells.has(names[i]!) ? [] : [{ key, name: names[i]!, at: latestKey(this.#stream, key) }],
    );
    if (missing.length > 0) {
      const found = await this.#engine.getMany(missing.map(({ at }) => at));
      for (const [i, { key, name, at }] of missing.entries())
        if (!this.#cells.has(name)) this.#cells.set(name, new StagedCell(key, at, found[i]));
    }
    return names.map((name) => this.#cells.get(name)!);
  }

  /** Writes a key. @param cell one that `load` gave */
  set(cell: Cell, entry: Entry): void {
    const staged = cell as StagedCell;
    if (staged.entry !== undefined && staged.entry.version !== entry.version)
      staged.replaced.push(staged.entry);
    staged.entry = entry;
    staged.isChanged = true;
    this.#changed.push(staged.key);
  }

  /** Keys that were written since the last call. */
  takeChanged(): readonly SpacedKey[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }

  /** Keys that were written, and what they hold now. */
  *changes(): Generator<readonly [SpacedKey, Entry]> {
    for (const { key, entry, isChanged } of this.#cells.values())
      if (isChanged && entry !== undefined) yield [key, entry];
  }

  writes(): EngineWrite[] {
    const writes: EngineWrite[] = [];
    for (const { key, at, entry, replaced, isChanged } of this.#cells.values()) {
      if (!isChanged || entry === undefined) continue;
      writes.push({ key: at, value: encodeEntry(entry) });
      for (const old of replaced)
        writes.push({ key: historyKey(this.#stream, key, old.version), value: encodeEntry(old) });
    }
    return writes;
  }
}

function nameOf(key: SpacedKey): string {
  return key.toString("latin1");
}
