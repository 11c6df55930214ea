import type { Redis } from "ioredis";
import type { KvEngine } from "../../../../keepers/kv/engine/engine.ts";
import { openLmdbEngine } from "../../../../keepers/kv/engine/lmdbEngine.ts";
import { openRedisEngine } from "../../../../keepers/kv/engine/redisEngine.ts";
import { connectRedis, disconnectRedis } from "../../../../keepers/runtime/redis/connection.ts";
import { type RedisServer, requireRedis, startRedis } from "../../runtime/redisServer.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";
import { behavesAsStream } from "./streamState.behaviour.ts";

describe("kv: state of a stream on LMDB", () => {
  let engine: KvEngine | undefined;
  after(async () => engine?.close());

  behavesAsStream(async () => {
    engine = openLmdbEngine(temporaryDirectory());
    return engine;
  }, 100);
});

describe("kv: state of a stream on Redis", function () {
  this.timeout(120_000);
  let server: RedisServer;
  let redis: Redis;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
    redis = await connectRedis({ url: server.url });
  });
  after(async () => {
    if (redis !== undefined) await disconnectRedis(redis);
    await server?.stop();
  });

  behavesAsStream(async () => openRedisEngine(redis, "streams"), 20);
});
