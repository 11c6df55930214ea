import type { EngineWrite, KvEngine } from "../engine/engine.ts";
import { type Entry, encodeEntry, parseEntry } from "./entry.ts";
import { historyKey, latestKey, type SpacedKey } from "./stateKeys.ts";

interface Cell {
  readonly key: SpacedKey;
  entry: Entry | undefined;
  /** Entries that later ones have replaced, oldest first. */
  readonly replaced: Entry[];
  isChanged: boolean;
}

/** The state of a stream as some batches leave it that aren't committed yet. */
export class Staging {
  readonly #engine: Pick<KvEngine, "getMany">;
  readonly #stream: number;
  readonly #cells = new Map<string, Cell>();
  #changed: SpacedKey[] = [];

  constructor(engine: Pick<KvEngine, "getMany">, stream: number) {
    this.#engine = engine;
    this.#stream = stream;
  }

  /** Makes keys ready for `entry`. */
  async load(keys: readonly SpacedKey[]): Promise<void> {
    const missing = keys.filter((key) => !this.#cells.has(nameOf(key)));
    if (missing.length === 0) return;
    const found = await this.#engine.getMany(missing.map((key) => latestKey(this.#stream, key)));
    for (const [i, key] of missing.entries()) {
      const bytes = found[i];
      const entry = bytes && parseEntry(bytes);
      this.#cells.set(nameOf(key), { key, entry, replaced: [], isChanged: false });
    }
  }

  /** What a loaded key holds. */
  entry(key: SpacedKey): Entry | undefined {
    return this.#cell(key).entry;
  }

  /** What a loaded key holds, unless that was deleted. */
  value(key: SpacedKey): Buffer | undefined {
    return this.#cell(key).entry?.value;
  }

  /** Writes a loaded key. */
  set(key: SpacedKey, entry: Entry): void {
    const cell = this.#cell(key);
    if (cell.entry !== undefined && cell.entry.version !== entry.version) cell.replaced.push(cell.entry);
    cell.entry = entry;
    cell.isChanged = true;
    this.#changed.push(key);
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
    for (const { key, entry, replaced, isChanged } of this.#cells.values()) {
      if (!isChanged || entry === undefined) continue;
      writes.push({ key: latestKey(this.#stream, key), value: encodeEntry(entry) });
      for (const old of replaced)
        writes.push({ key: historyKey(this.#stream, key, old.version), value: encodeEntry(old) });
    }
    return writes;
  }

  #cell(key: SpacedKey): Cell {
    const cell = this.#cells.get(nameOf(key));
    if (cell === undefined) throw new Error("a key was used before it was loaded");
    return cell;
  }
}

function nameOf(key: SpacedKey): string {
  return key.toString("latin1");
}
