import { join } from "node:path";
import type { Logger } from "pino";
import { openEmbeddedLeases } from "./leases/embedded.ts";
import type { Leases } from "./leases/leases.ts";
import type { Closers } from "./lifecycle/closers.ts";
import { openEmbeddedQueue } from "./queue/embedded.ts";
import type { Queue, QueueOptions } from "./queue/queue.ts";
import { openLmdbStore } from "./store/lmdb.ts";
import type { Store } from "./store/store.ts";

/** Shared state of a keeper, whatever engine keeps it. */
export interface Engines {
  readonly store: Store;
  readonly leases: Leases;
  queue<T>(name: string, options: QueueOptions): Queue<T>;
}

export interface EnginesOptions {
  /** Directory of this keeper alone. */
  readonly directory: string;
  readonly logger: Logger;
  readonly closers: Closers;
}

/** Engines in this process, durable in LMDB; every one of them is closed with the keeper. */
export function openEmbeddedEngines({ directory, logger, closers }: EnginesOptions): Engines {
  const store = openLmdbStore(join(directory, "store"));
  closers.add("store", () => store.close());
  const leases = openEmbeddedLeases(store);
  closers.add("leases", () => leases.close());
  return {
    store,
    leases,
    queue<T>(name: string, options: QueueOptions) {
      const queue = openEmbeddedQueue<T>(store, name, options, logger.child({ queue: name }));
      closers.add(`queue ${name}`, () => queue.close());
      return queue;
    },
  };
}
