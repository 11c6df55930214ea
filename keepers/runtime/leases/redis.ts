import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { FatalError, RetryableError } from "../errors.ts";
import type { Lease, Leases } from "./leases.ts";

/** Keys: lease, fence. A command sent twice, because its answer was lost, finds its own token and says the same twice. */
const ACQUIRE = `
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then return redis.call('GET', KEYS[2]) end
if holder then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('INCR', KEYS[2])
return redis.call('GET', KEYS[2])`;
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Leases among all processes that share a Redis. The connection stays open. */
export function openRedisLeases(redis: Redis, name: string, logger?: Logger): Leases {
  return new RedisLeases(redis, `{mycelia/${name}/leases}`, logger);
}

class RedisLeases implements Leases {
  readonly #redis: Redis;
  readonly #root: string;
  readonly #logger: Logger | undefined;
  readonly #held = new Set<RedisLease>();
  #isClosed = false;

  constructor(redis: Redis, root: string, logger: Logger | undefined) {
    this.#redis = redis;
    this.#root = root;
    this.#logger = logger;
  }

  async tryAcquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    if (this.#isClosed) throw new FatalError("leases/closed", "Leases were used after they were closed.");
    const token = randomUUID();
    const key = `${this.#root}/${name}`;
    const askedAt = performance.now();
    const fence = await this.#redis.eval(ACQUIRE, 2, key, `${key}/fence`, token, ttlMs);
    if (fence === null) return undefined;
    const lease = new RedisLease(
      this.#redis,
      { name, key, token, ttlMs, fence: BigInt(String(fence)) },
      (ended) => this.#held.delete(ended),
    );
    this.#held.add(lease);
    lease.keep(askedAt, this.#logger);
    return lease;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const held = [...this.#held];
    for (const lease of held) lease.lose(new FatalError("leases/closed", "The leases were closed."));
    await Promise.all(held.map((lease) => lease.release()));
  }
}

interface Grant {
  readonly name: string;
  readonly key: string;
  readonly token: string;
  readonly ttlMs: number;
  readonly fence: bigint;
}

class RedisLease implements Lease {
  readonly name: string;
  readonly fence: bigint;
  readonly #redis: Redis;
  readonly #grant: Grant;
  readonly #loss = new AbortController();
  readonly #onEnd: (lease: RedisLease) => void;
  #renewal: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(redis: Redis, grant: Grant, onEnd: (lease: RedisLease) => void) {
    this.#redis = redis;
    this.#grant = grant;
    this.#onEnd = onEnd;
    this.name = grant.name;
    this.fence = grant.fence;
  }

  get signal(): AbortSignal {
    return this.#loss.signal;
  }

  /** Renews three times a term; lost when a term passes without an answer, counted from before the question. */
  keep(askedAt: number, logger: Logger | undefined): void {
    const { ttlMs } = this.#grant;
    clearTimeout(this.#deadline);
    const left = askedAt + ttlMs - performance.now();
    this.#deadline = setTimeout(() => this.lose(this.#lost("was not renewed in time")), Math.max(0, left));
    this.#renewal = setTimeout(() => {
      this.#renew(logger).catch((err: unknown) =>
        logger?.warn({ err, lease: this.name }, "lease not renewed"),
      );
    }, ttlMs / 3);
  }

  lose(reason: Error): void {
    if (this.#isEnded) return;
    this.#end();
    this.#loss.abort(reason);
  }

  async release(): Promise<void> {
    this.#end();
    await this.#redis.eval(RELEASE, 1, this.#grant.key, this.#grant.token);
  }

  async #renew(logger: Logger | undefined): Promise<void> {
    const { key, token, ttlMs } = this.#grant;
    const askedAt = performance.now();
    const isOurs = (await this.#redis.eval(RENEW, 1, key, token, ttlMs)) === 1;
    if (this.#isEnded) return;
    if (isOurs) this.keep(askedAt, logger);
    else this.lose(this.#lost("belongs to somebody else now"));
  }

  #lost(why: string): RetryableError {
    return new RetryableError("leases/lost", `The lease ${this.name} ${why}.`, { name: this.name });
  }

  #end(): void {
    this.#isEnded = true;
    clearTimeout(this.#renewal);
    clearTimeout(this.#deadline);
    this.#onEnd(this);
  }
}
