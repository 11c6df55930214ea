import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { FatalError } from "../errors.ts";
import { checkWrites, encodeKey, intervalOf } from "./keys.ts";
import { PrefixedStore } from "./prefixed.ts";
import type { Store, StoreRange, StoreWrite } from "./store.ts";

const PAGE = 256;
/** How long a claim is known by its token, milliseconds: longer than a command waits for a server that is away. */
const CLAIM_MS = 600_000;

/** Keys: index (sorted set, equal scores, so it sorts by bytes), values (hash). Arguments: kind, key, value, and again. */
const WRITES = `
local function apply(first)
  for i = first, #ARGV, 3 do
    if ARGV[i] == 'put' then
      redis.call('ZADD', KEYS[1], 0, ARGV[i + 1])
      redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
    else
      redis.call('ZREM', KEYS[1], ARGV[i + 1])
      redis.call('HDEL', KEYS[2], ARGV[i + 1])
    end
  end
end
`;
const BATCH = `${WRITES} apply(1) return 1`;
/** A third key is the claim's token: the same command sent twice, because its answer was lost, says the same twice. */
const PUT_IF_ABSENT = `${WRITES}
if redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return 0 end
redis.call('SET', KEYS[3], 1, 'PX', ARGV[1])
apply(2)
return 1`;
const PAGE_OF = `
local keys
if ARGV[4] == '1' then
  keys = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[1], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
else
  keys = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local out = {}
for i, key in ipairs(keys) do
  out[2 * i - 1] = key
  out[2 * i] = redis.call('HGET', KEYS[2], key)
end
return out`;

/** A store in a Redis that several processes share; `name` keeps chains and deployments apart. The connection stays open. */
export function openRedisStore(redis: Redis, name: string): Store {
  return new RedisStore(redis, `{mycelia/${name}}`);
}

class RedisStore implements Store {
  readonly #redis: Redis;
  readonly #root: string;
  readonly #index: string;
  readonly #values: string;
  #closed = false;

  constructor(redis: Redis, root: string) {
    this.#redis = redis;
    this.#root = root;
    this.#index = `${root}/index`;
    this.#values = `${root}/values`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    return (await this.#redis.hgetBuffer(this.#values, encodeKey(key))) ?? undefined;
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.batch([{ kind: "put", key, value }]);
  }

  async delete(key: string): Promise<void> {
    await this.batch([{ kind: "delete", key }]);
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#checkOpen();
    checkWrites(writes);
    if (writes.length > 0) await this.#redis.eval(BATCH, 2, this.#index, this.#values, ...flatten(writes));
  }

  async putIfAbsent(key: string, value: Uint8Array, also: readonly StoreWrite[] = []): Promise<boolean> {
    this.#checkOpen();
    checkWrites(also);
    const claim = `${this.#root}/claim/${randomUUID()}`;
    const writes = flatten([{ kind: "put", key, value }, ...also]);
    const keys = [this.#index, this.#values, claim];
    return (await this.#redis.eval(PUT_IF_ABSENT, 3, ...keys, CLAIM_MS, ...writes)) === 1;
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    let { low, high } = intervalOf(range);
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      this.#checkOpen();
      const wanted = Math.min(left, PAGE);
      const page = await this.#page(low, high, wanted, range.reverse === true);
      for (const [key, value] of page) yield [key.toString("utf8"), value];
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < wanted) return;
      left -= page.length;
      if (range.reverse) high = last;
      else low = Buffer.concat([last, Buffer.of(0)]);
    }
  }

  under(prefix: string): Store {
    return new PrefixedStore(this, prefix);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #page(
    low: Buffer,
    high: Buffer | undefined,
    limit: number,
    reverse: boolean,
  ): Promise<(readonly [Buffer, Buffer])[]> {
    const from = low.length === 0 ? "-" : Buffer.concat([Buffer.from("["), low]);
    const to = high === undefined ? "+" : Buffer.concat([Buffer.from("("), high]);
    const flat = (await this.#redis.callBuffer(
      "EVAL",
      PAGE_OF,
      2,
      this.#index,
      this.#values,
      from,
      to,
      limit,
      reverse ? 1 : 0,
    )) as Buffer[];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as const);
  }

  #checkOpen(): void {
    if (this.#closed) throw new FatalError("store/closed", "The store was used after it was closed.");
  }
}

function flatten(writes: readonly StoreWrite[]): Buffer[] {
  return writes.flatMap((write) => [
    Buffer.from(write.kind),
    encodeKey(write.key),
    write.kind === "put" ? Buffer.from(write.value) : Buffer.alloc(0),
  ]);
}
