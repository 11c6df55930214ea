import { textOf, utf8 } from "../platform/bytes.ts";
import { fromJson, toJson } from "./json.ts";
import type { Store, StoreRange, StoreWrite } from "./store.ts";

/** How a record becomes plain data and is checked on its way back. */
export interface RecordFormat<T> {
  /** Plain data: objects, arrays, strings, numbers, booleans, null, bigints and byte strings. */
  format(record: T): unknown;
  /** @throws when the data is not a record of this kind. */
  parse(data: unknown): T;
}

/** Typed records in a store. Writes that belong together are made with `put…Write` and given to `store.batch`. */
export interface Records<T> {
  get(key: string): Promise<T | undefined>;
  put(key: string, record: T): Promise<void>;
  putIfAbsent(key: string, record: T, also?: readonly StoreWrite[]): Promise<boolean>;
  delete(key: string): Promise<void>;
  scan(range?: StoreRange): AsyncIterable<readonly [key: string, record: T]>;
  putWrite(key: string, record: T): StoreWrite;
  deleteWrite(key: string): StoreWrite;
}

/** Records under `prefix` of `store`; keys in every call are without the prefix, keys in writes with it. */
export function createRecords<T>(store: Store, prefix: string, format: RecordFormat<T>): Records<T> {
  const view = store.under(prefix);
  const encode = (record: T): Uint8Array => utf8(toJson(format.format(record)));
  const decode = (bytes: Uint8Array): T => format.parse(fromJson(textOf(bytes)));
  return {
    get: async (key) => {
      const bytes = await view.get(key);
      return bytes === undefined ? undefined : decode(bytes);
    },
    put: (key, record) => view.put(key, encode(record)),
    putIfAbsent: (key, record, also) => store.putIfAbsent(prefix + key, encode(record), also),
    delete: (key) => view.delete(key),
    async *scan(range = {}) {
      for await (const [key, bytes] of view.scan(range)) yield [key, decode(bytes)] as const;
    },
    putWrite: (key, record) => ({ kind: "put", key: prefix + key, value: encode(record) }),
    deleteWrite: (key) => ({ kind: "delete", key: prefix + key }),
  };
}

/** For records that are plain data already and were written by this program alone. */
export function plainFormat<T>(): RecordFormat<T> {
  return { format: (record) => record, parse: (data) => data as T };
}
