import type { Bytes } from "../platform/bytes.ts";

/** One write of a commit; without a value the key is deleted. */
export interface EngineWrite {
  readonly key: Bytes;
  readonly value: Bytes | undefined;
}

/** Keys in [low, high), in the order of their bytes. */
export interface EngineRange {
  readonly low: Bytes;
  /** No bound when undefined. */
  readonly high: Bytes | undefined;
  readonly reverse?: boolean;
  /** Most entries. */
  readonly limit: number;
}

export type EngineEntry = readonly [key: Bytes, value: Bytes];

/**
 * An ordered store of bytes under bytes, which stores and streams stand on. Keys have 1 to 1,900 bytes. One behaviour for every
 * engine; what is handed out is a copy, and what is given stays as it is until the call is over.
 */
export interface Engine {
  /** Without a promise where the engine has it at hand: one would take as long as the read itself. */
  get(key: Bytes): Promise<Bytes | undefined> | Bytes | undefined;
  /** As `get` for each key, in their order. */
  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]>;
  /** One page of a range. */
  page(range: EngineRange): Promise<EngineEntry[]>;
  /** Writes all or nothing, in order; what is resolved is durable, as far as the engine's own settings make it so. */
  commit(writes: readonly EngineWrite[]): Promise<void>;
  /** Writes when the key is free, together with `also`; false, and no change at all, when it is taken. */
  putIfAbsent(key: Bytes, value: Bytes, also: readonly EngineWrite[]): Promise<boolean>;
  close(): Promise<void>;
}
