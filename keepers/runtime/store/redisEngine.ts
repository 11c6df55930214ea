import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Engine, EngineEntry, EngineRange, EngineWrite } from "./engine.ts";

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
const COMMIT = `${WRITES} apply(1) return 1`;
/** A third key is the claim's token: the same command sent twice, because its answer was lost, says the same twice. */
const PUT_IF_ABSENT = `${WRITES}
if redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return 0 end
redis.call('SET', KEYS[3], 1, 'PX', ARGV[1])
apply(2)
return 1`;
const PAGE = `
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
const NOTHING = Buffer.alloc(0);

/** An engine in a Redis; `name` keeps chains and deployments apart. The connection stays open. */
export function openRedisEngine(redis: Redis, name: string): Engine {
  return new RedisEngine(redis, `{mycelia/${name}}`);
}

class RedisEngine implements Engine {
  readonly #redis: Redis;
  readonly #root: string;
  readonly #index: string;
  readonly #values: string;

  constructor(redis: Redis, root: string) {
    this.#redis = redis;
    this.#root = root;
    this.#index = `${root}/index`;
    this.#values = `${root}/values`;
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    return (await this.#redis.hgetBuffer(this.#values, key)) ?? undefined;
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    if (keys.length === 0) return [];
    const found = await this.#redis.hmgetBuffer(this.#values, ...keys);
    return found.map((value) => value ?? undefined);
  }

  async page({ low, high, reverse, limit }: EngineRange): Promise<EngineEntry[]> {
    const from = low.length === 0 ? "-" : Buffer.concat([Buffer.from("["), low]);
    const to = high === undefined ? "+" : Buffer.concat([Buffer.from("("), high]);
    const keys = [this.#index, this.#values];
    const flat = (await this.#redis.callBuffer(
      "EVAL",
      ...[PAGE, 2, ...keys, from, to, limit, reverse ? 1 : 0],
    )) as Buffer[];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as const);
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    if (writes.length > 0) await this.#redis.eval(COMMIT, 2, this.#index, this.#values, ...flatten(writes));
  }

  async putIfAbsent(key: Buffer, value: Buffer, also: readonly EngineWrite[]): Promise<boolean> {
    const claim = `${this.#root}/claim/${randomUUID()}`;
    const writes = flatten([{ key, value }, ...also]);
    const keys = [this.#index, this.#values, claim];
    return (await this.#redis.eval(PUT_IF_ABSENT, 3, ...keys, CLAIM_MS, ...writes)) === 1;
  }

  async close(): Promise<void> {}
}

function flatten(writes: readonly EngineWrite[]): (string | Buffer)[] {
  const words: (string | Buffer)[] = [];
  for (const { key, value } of writes)
    words.push(value === undefined ? "delete" : "put", key, value ?? NOTHING);
  return words;
}
