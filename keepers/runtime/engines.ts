import { join } from "node:path";
import type { Logger } from "pino";
import { readPasswordFile } from "./keys/secretFile.ts";
import { openEmbeddedLeases } from "./leases/embedded.ts";
import type { Lease, Leases } from "./leases/leases.ts";
import { openRedisLeases } from "./leases/redis.ts";
import type { Closers } from "./lifecycle/closers.ts";
import { pause } from "./pause.ts";
import { openEmbeddedQueue } from "./queue/embedded.ts";
import type { Queue, QueueOptions } from "./queue/queue.ts";
import { openRedisQueue } from "./queue/redis.ts";
import { connectRedis, disconnectRedis } from "./redis/connection.ts";
import type { Engine } from "./store/engine.ts";
import { openLmdbStore } from "./store/lmdb.ts";
import { openLmdbEngine } from "./store/lmdbEngine.ts";
import { openRedisStore } from "./store/redis.ts";
import { openRedisEngine } from "./store/redisEngine.ts";
import type { Store } from "./store/store.ts";

/** State of one keeper, whatever engine keeps it. Only one process at a time has it open. */
export interface Engines {
  readonly store: Store;
  readonly leases: Leases;
  queue<T>(name: string, options: QueueOptions): Queue<T>;
  /** An ordered store of bytes of its own; it is closed with the keeper. To be called once for a name. */
  openEngine(name: string): Engine;
}

export interface EnginesOptions {
  /** Directory of this keeper alone. */
  readonly directory: string;
  /** Name of the keeper's state for exactly this chain and deployment. */
  readonly keyspace: string;
  readonly redis: { readonly url?: string | undefined; readonly passwordFile?: string | undefined };
  readonly logger: Logger;
  readonly closers: Closers;
  readonly signal: AbortSignal;
  /** Called when another process may have taken the state over: this one must end. */
  onLost(reason: unknown): void;
}

/** A second box takes over when the first has been silent for so long, milliseconds. */
const TAKE_OVER_MS = 10_000;
const STANDBY_MS = 1_000;

/** Redis when the configuration names one, else engines in this process; all are closed with the keeper. */
export async function openEngines(options: EnginesOptions): Promise<Engines> {
  const { url } = options.redis;
  return url === undefined ? openEmbeddedEngines(options) : await openRedisEngines(options, url);
}

function openEmbeddedEngines({ directory, logger, closers }: EnginesOptions): Engines {
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
    openEngine(name) {
      const engine = openLmdbEngine(join(directory, name));
      closers.add(`engine ${name}`, () => engine.close());
      return engine;
    },
  };
}

/** The state lives in Redis; a keeper of the same name on a second box stands by until the first is gone. */
async function openRedisEngines(options: EnginesOptions, url: string): Promise<Engines> {
  const { keyspace, logger, closers } = options;
  const { passwordFile } = options.redis;
  const secret = passwordFile === undefined ? {} : { password: await readPasswordFile(passwordFile) };
  const redis = await connectRedis({ url, logger, ...secret });
  closers.add("redis", () => disconnectRedis(redis));
  const leases = openRedisLeases(redis, keyspace, logger);
  closers.add("leases", () => leases.close());
  const lease = await waitForTurn(leases, options);
  lease.signal.addEventListener("abort", () => options.onLost(lease.signal.reason), { once: true });
  closers.add("process lease", () => lease.release());
  const store = openRedisStore(redis, keyspace);
  closers.add("store", () => store.close());
  return {
    store,
    leases,
    queue<T>(name: string, queueOptions: QueueOptions) {
      const queue = openRedisQueue<T>(redis, keyspace, name, queueOptions, logger.child({ queue: name }));
      closers.add(`queue ${name}`, () => queue.close());
      return queue;
    },
    openEngine: (name) => openRedisEngine(redis, `${keyspace}/${name}`),
  };
}

async function waitForTurn(leases: Leases, { signal, logger, keyspace }: EnginesOptions): Promise<Lease> {
  let isTold = false;
  for (;;) {
    const lease = await leases.tryAcquire("process", TAKE_OVER_MS);
    if (lease !== undefined) return lease;
    if (!isTold) logger.info({ keyspace }, "another process runs this keeper; standing by");
    isTold = true;
    await pause(STANDBY_MS, signal);
    signal.throwIfAborted();
  }
}
