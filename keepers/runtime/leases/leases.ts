/** A right held by one process at a time over all that share the engine. */
export interface Lease {
  readonly name: string;
  /** Rises with every holder; pass it where a late write of an old holder must lose. */
  readonly fence: bigint;
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface Leases {
  /** Takes the lease if it is free; undefined when somebody holds it. Renewed by itself until released or lost. */
  tryAcquire(name: string, ttlMs: number): Promise<Lease | undefined>;
  close(): Promise<void>;
}
