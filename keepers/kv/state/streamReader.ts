import { FatalError } from "../../runtime/errors.ts";
import type { Engine } from "../../runtime/store/engine.ts";
import { MAX_KEY_BYTES } from "../format/limits.ts";
import { isApart, isDeleted, type Living, parseEntry, versionOf } from "./entry.ts";
import { type Outcome, parseOutcome } from "./outcome.ts";
import { dataKey, historyKey, outcomeKey, valueKey } from "./stateKeys.ts";

/** A key and what it holds. */
export interface Item {
  readonly key: Buffer;
  readonly version: number;
  readonly value: Buffer;
}

export interface PageOrder {
  /** First key to visit, inclusive; of the whole stream when absent. */
  readonly from?: Uint8Array;
  /** Keys that start so. */
  readonly prefix?: Uint8Array;
  readonly reverse?: boolean;
  /** Most items. */
  readonly limit: number;
  /** Version of the stream to be read. */
  readonly at: number;
}

export interface Page {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined when there is none. */
  readonly next: Buffer | undefined;
}

const NO_KEY = Buffer.alloc(0);
/** Records that are looked at together, and at most for one page: deleted keys cost a look too. */
const AT_ONCE = 32;
const MOST_LOOKS = 4_096;
/** Bytes of values after which a page ends. */
const ENOUGH_BYTES = 4 * 1024 * 1024;

/** Reads what keys of a stream hold, or held at an earlier version. */
export class StreamReader {
  readonly #engine: Engine;
  readonly #stream: number;

  /** @param stream its number in the engine */
  constructor(engine: Engine, stream: number) {
    this.#engine = engine;
    this.#stream = stream;
  }

  /** What a key held at a version of the stream; undefined when that was nothing. */
  async get(key: Uint8Array, at = Number.POSITIVE_INFINITY): Promise<Living | undefined> {
    const found = this.#engine.get(dataKey(this.#stream, key));
    const record = found instanceof Promise ? await found : found;
    const held = this.#heldAt(record, key, at);
    return held instanceof Promise ? await held : held;
  }

  /** As `get` for each key, in their order, in less time. */
  async getMany(keys: readonly Uint8Array[], at = Number.POSITIVE_INFINITY): Promise<(Living | undefined)[]> {
    const records = await this.#engine.getMany(keys.map((key) => dataKey(this.#stream, key)));
    const held: (Living | undefined)[] = [];
    for (const [i, record] of records.entries()) {
      const one = this.#heldAt(record, keys[i]!, at);
      held.push(one instanceof Promise ? await one : one);
    }
    return held;
  }

  /** What came of a batch; undefined when it is not judged yet, or is none. */
  async outcome(number: number): Promise<Outcome | undefined> {
    const bytes = await this.#engine.get(outcomeKey(this.#stream, number));
    return bytes && parseOutcome(number, bytes);
  }

  /** Keys in the order of their bytes, without the deleted ones. */
  async page({ from, prefix = NO_KEY, reverse = false, limit, at }: PageOrder): Promise<Page> {
    let { low, high } = this.#bounds(prefix, from, reverse);
    const items: Item[] = [];
    let bytes = 0;
    for (let looks = 0; looks < MOST_LOOKS; looks += AT_ONCE) {
      const records = await this.#engine.page({ low, high, reverse, limit: AT_ONCE });
      for (const [record, found] of records) {
        const key = this.#keyOf(record);
        if (items.length >= limit || bytes >= ENOUGH_BYTES) return { items, next: key };
        const entry = await this.#heldAt(found, key, at);
        if (entry === undefined) continue;
        items.push({ key, ...entry });
        bytes += entry.value.length;
      }
      const last = records.at(-1)?.[0];
      if (last === undefined || records.length < AT_ONCE) return { items, next: undefined };
      if (reverse) high = last;
      else low = Buffer.concat([last, Buffer.of(0)]);
    }
    const [more] = await this.#engine.page({ low, high, reverse, limit: 1 });
    return { items, next: more && this.#keyOf(more[0]) };
  }

  #keyOf(record: Buffer): Buffer {
    return record.subarray(dataKey(this.#stream, NO_KEY).length);
  }

  /** By the latest record of a key; at hand unless it is younger. */
  #heldAt(
    record: Buffer | undefined,
    key: Uint8Array,
    at: number,
  ): Promise<Living | undefined> | Living | undefined {
    if (record === undefined) return undefined;
    return versionOf(record) <= at ? this.#livingIn(record, key) : this.#asOf(key, at);
  }

  async #asOf(key: Uint8Array, at: number): Promise<Living | undefined> {
    const latest = dataKey(this.#stream, key);
    const [low, high] = [historyKey(latest, 0), historyKey(latest, at + 1)];
    const [found] = await this.#engine.page({ low, high, reverse: true, limit: 1 });
    return found && (await this.#livingIn(found[1], key));
  }

  /** What a record of a key says that it holds; at hand unless it lies apart. */
  #livingIn(record: Buffer, key: Uint8Array): Promise<Living | undefined> | Living | undefined {
    if (isDeleted(record)) return undefined;
    return isApart(record) ? this.#fetch(versionOf(record), key) : (parseEntry(record) as Living);
  }

  async #fetch(version: number, key: Uint8Array): Promise<Living> {
    const value = await this.#engine.get(valueKey(dataKey(this.#stream, key), version));
    if (value !== undefined) return { version, value };
    throw new FatalError("kv/broken-state", `the value of version ${version} of a key is missing`);
  }

  #bounds(prefix: Uint8Array, from: Uint8Array | undefined, reverse: boolean) {
    const of = (key: Uint8Array) => dataKey(this.#stream, key);
    const behind = Buffer.alloc(MAX_KEY_BYTES + 1, 0xff);
    const [low, high] = [of(prefix), of(Buffer.concat([prefix, behind]))];
    if (from === undefined) return { low, high };
    if (reverse) return { low, high: least(high, of(Buffer.concat([from, Buffer.of(0)]))) };
    return { low: most(low, of(from)), high };
  }
}

function least(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) < 0 ? a : b;
}

function most(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) < 0 ? b : a;
}
