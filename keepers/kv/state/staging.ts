import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { type Entry, encodeEntry, liesApart, parseEntry, versionOf } from "./entry.ts";
import { hasLeaf, type KeyRecord } from "./leaf.ts";
import {
  ENTRY_PREFIX_BYTES,
  type EntryKey,
  entryKey,
  historyKey,
  type Space,
  valueKey,
} from "./stateKeys.ts";

/** A key, and what it holds as some batches leave it. */
export interface Cell {
  readonly key: EntryKey;
  /** Undefined for one that was never written. */
  readonly entry: Entry | undefined;
  /** The batch that wrote it; 0 for none. */
  readonly version: number;
}

/** What it holds is kept serialised, as it goes to the engine. */
class StagedCell implements Cell, EngineWrite {
  readonly key: EntryKey;
  /** Its key without what all keys start with. */
  readonly name: string;
  isChanged = false;
  value: Buffer | undefined;
  /** Records that later ones have replaced, oldest first. */
  replaced: Buffer[] | undefined;
  /** Values that it was given and that lie apart, with their versions. */
  apart: [version: number, value: Buffer][] | undefined;

  constructor(key: EntryKey, name: string) {
    this.key = key;
    this.name = name;
  }

  get entry(): Entry | undefined {
    return this.value && parseEntry(this.value);
  }

  get version(): number {
    return this.value === undefined ? 0 : versionOf(this.value);
  }

  set(version: number, value: Uint8Array | undefined): void {
    if (this.value !== undefined && this.version !== version) {
      this.replaced ??= [];
      this.replaced.push(this.value);
    }
    if (liesApart(value)) {
      this.apart ??= [];
      this.apart.push([version, Buffer.from(value.buffer, value.byteOffset, value.length)]);
    }
    this.value = encodeEntry(version, value);
    this.isChanged = true;
  }
}

/** What batches that were judged come to. */
export interface Staged {
  readonly writes: EngineWrite[];
  /** Of the keys that have leaves. */
  readonly changed: readonly KeyRecord[];
}

/** The state of a stream as some batches leave it that aren't committed yet. Of no use once a call has failed. */
export class Staging {
  readonly #engine: Pick<Engine, "getMany">;
  readonly #stream: number;
  readonly #cells = new Map<string, StagedCell>();
  /** The same, those of each call in the order of their keys. */
  readonly #inOrder: StagedCell[] = [];
  #under: Staging | undefined;
  #changed: EntryKey[] = [];

  /** @param under what is on its way to the engine: its changes count as if they were there */
  constructor(engine: Pick<Engine, "getMany">, stream: number, under?: Staging) {
    this.#engine = engine;
    this.#stream = stream;
    this.#under = under;
  }

  keyOf(space: Space, ...parts: readonly Uint8Array[]): EntryKey {
    return entryKey(this.#stream, space, ...parts);
  }

  /**
   * The cells of keys, in their order. They are read in the order of the keys: an engine finds neighbours in a third of the
   * time, and writes them sooner too.
   */
  async load(keys: readonly EntryKey[]): Promise<Cell[]> {
    const fresh: StagedCell[] = [];
    const cells = keys.map((key) => {
      const name = key.toString("latin1", ENTRY_PREFIX_BYTES);
      return this.#cells.get(name) ?? this.#add(new StagedCell(key, name), fresh);
    });
    if (fresh.length === 0) return cells;
    fresh.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const cell of fresh) this.#inOrder.push(cell);
    const missing = fresh.filter((cell) => !this.#lift(cell));
    const found = await this.#engine.getMany(missing.map(({ key }) => key));
    for (const [i, cell] of missing.entries()) cell.value = found[i];
    return cells;
  }

  /** Writes a key. @param cell one that `load` gave */
  set(cell: Cell, version: number, value: Uint8Array | undefined): void {
    (cell as StagedCell).set(version, value);
    this.#changed.push(cell.key);
  }

  /** Keys that were written since the last call. */
  takeChanged(): readonly EntryKey[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }

  /** Nothing more is loaded behind this: what lies under this one is let go. */
  finish(): Staged {
    this.#under = undefined;
    const writes: EngineWrite[] = [];
    const earlier: EngineWrite[] = [];
    const changed: KeyRecord[] = [];
    for (const cell of this.#inOrder) {
      if (!isWritten(cell)) continue;
      writes.push(cell);
      if (hasLeaf(cell.key)) changed.push(cell);
      for (const record of cell.replaced ?? [])
        earlier.push({ key: historyKey(cell.key, versionOf(record)), value: record });
      for (const [version, value] of cell.apart ?? [])
        earlier.push({ key: valueKey(cell.key, version), value });
    }
    for (const write of earlier) writes.push(write);
    return { writes, changed };
  }

  #add(cell: StagedCell, fresh: StagedCell[]): StagedCell {
    this.#cells.set(cell.name, cell);
    fresh.push(cell);
    return cell;
  }

  /** Takes over what a key holds under this one, if that has changed it. */
  #lift(cell: StagedCell): boolean {
    const under = this.#under === undefined ? undefined : this.#under.#cells.get(cell.name);
    if (under?.isChanged !== true) return false;
    cell.value = under.value;
    return true;
  }
}

function isWritten(cell: StagedCell): cell is StagedCell & KeyRecord {
  return cell.isChanged && cell.value !== undefined;
}
