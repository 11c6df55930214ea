/** One write of an atomic batch. */
export type StoreWrite =
  | { readonly kind: "put"; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: string };

/** Which keys to visit, in byte order of their UTF-8. */
export interface StoreRange {
  readonly prefix?: string;
  /** First key to visit (inclusive). */
  readonly from?: string;
  /** Largest number of entries. */
  readonly limit?: number;
  readonly reverse?: boolean;
}

/**
 * An ordered key-value store. What is resolved is durable. One behaviour for every engine.
 * Keys are well-formed strings of 1 to 1,900 UTF-8 bytes.
 * @throws FatalError "store/key-refused" for any other key, "store/closed" after `close`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Writes all or nothing. */
  batch(writes: readonly StoreWrite[]): Promise<void>;
  /**
   * Writes when the key is free, together with `also`; false, and no change at all, when it is taken.
   * Atomic over all processes that share the store.
   */
  putIfAbsent(key: string, value: Uint8Array, also?: readonly StoreWrite[]): Promise<boolean>;
  /** Visits what was there throughout exactly once; what is written meanwhile may or may not be seen. */
  scan(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** The same store with every key under `prefix`; closing it closes nothing. */
  under(prefix: string): Store;
  close(): Promise<void>;
}
