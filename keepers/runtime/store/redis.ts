import type { Redis } from "ioredis";
import { EngineStore } from "./engineStore.ts";
import { openRedisEngine } from "./redisEngine.ts";
import type { Store } from "./store.ts";

/** A store in a Redis that several processes share; `name` keeps chains and deployments apart. The connection stays open. */
export function openRedisStore(redis: Redis, name: string): Store {
  return new EngineStore(openRedisEngine(redis, name));
}
