import { FatalError } from "../errors.ts";
import { createRecords, plainFormat, type Records } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Lease, Leases } from "./leases.ts";

/**
 * Leases among the parts of one process: the store lets no second process in, so nobody else can take them, and they are
 * lost only when this is closed. Fences outlive the process.
 */
export function openEmbeddedLeases(store: Store): Leases {
  return new EmbeddedLeases(createRecords(store, "lease/", plainFormat<bigint>()));
}

class EmbeddedLeases implements Leases {
  readonly #fences: Records<bigint>;
  readonly #held = new Map<string, AbortController>();
  #isClosed = false;

  constructor(fences: Records<bigint>) {
    this.#fences = fences;
  }

  async tryAcquire(name: string, _ttlMs: number): Promise<Lease | undefined> {
    if (this.#isClosed) throw new FatalError("leases/closed", "Leases were used after they were closed.");
    if (this.#held.has(name)) return undefined;
    const loss = new AbortController();
    this.#held.set(name, loss);
    try {
      const fence = ((await this.#fences.get(name)) ?? 0n) + 1n;
      await this.#fences.put(name, fence);
      return { name, fence, signal: loss.signal, release: async () => this.#release(name, loss) };
    } catch (error) {
      this.#release(name, loss);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const loss of this.#held.values())
      loss.abort(new FatalError("leases/closed", "The leases were closed."));
    this.#held.clear();
  }

  #release(name: string, loss: AbortController): void {
    if (this.#held.get(name) === loss) this.#held.delete(name);
  }
}
