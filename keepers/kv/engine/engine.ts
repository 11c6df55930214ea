/** One write of a commit; without a value the key is deleted. */
export interface EngineWrite {
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

/** Keys in [low, high), in the order of their bytes. */
export interface EngineRange {
  readonly low: Buffer;
  readonly high: Buffer;
  readonly reverse?: boolean;
  /** Most entries. */
  readonly limit: number;
}

export type EngineEntry = readonly [key: Buffer, value: Buffer];

/**
 * An ordered store of bytes under bytes, for one process that writes. Keys have 1 to 1,900 bytes. One behaviour for every
 * engine; what is handed out is a copy.
 */
export interface KvEngine {
  get(key: Buffer): Promise<Buffer | undefined>;
  /** As `get` for each key, in their order. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
  /** One page of a range. */
  page(range: EngineRange): Promise<EngineEntry[]>;
  /** Writes all or nothing, in order; what is resolved is durable, as far as the engine's own settings make it so. */
  commit(writes: readonly EngineWrite[]): Promise<void>;
  close(): Promise<void>;
}
