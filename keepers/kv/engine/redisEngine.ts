import type { Redis } from "ioredis";
import type { EngineEntry, EngineRange, EngineWrite, KvEngine } from "./engine.ts";

/** Keys: index (sorted set, equal scores, so it sorts by bytes), values (hash). Arguments: "1" for a put, key, value, and again. */
const COMMIT = `
for i = 1, #ARGV, 3 do
  if ARGV[i] == '1' then
    redis.call('ZADD', KEYS[1], 0, ARGV[i + 1])
    redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
  else
    redis.call('ZREM', KEYS[1], ARGV[i + 1])
    redis.call('HDEL', KEYS[2], ARGV[i + 1])
  end
end
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
export function openRedisEngine(redis: Redis, name: string): KvEngine {
  return new RedisEngine(redis, `{mycelia/kv/${name}}`);
}

class RedisEngine implements KvEngine {
  readonly #redis: Redis;
  readonly #index: string;
  readonly #values: string;

  constructor(redis: Redis, root: string) {
    this.#redis = redis;
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
    const bounds = [Buffer.concat([Buffer.from("["), low]), Buffer.concat([Buffer.from("("), high])];
    const keys = [this.#index, this.#values];
    const flat = (await this.#redis.callBuffer(
      "EVAL",
      ...[PAGE, 2, ...keys, ...bounds, limit, reverse ? 1 : 0],
    )) as Buffer[];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as const);
  }

  async commit(writes: readonly EngineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const args: (string | Buffer)[] = [];
    for (const { key, value } of writes) args.push(value === undefined ? "0" : "1", key, value ?? NOTHING);
    await this.#redis.eval(COMMIT, 2, this.#index, this.#values, ...args);
  }

  async close(): Promise<void> {}
}
