import type { Redis } from "ioredis";
import { connectRedis, disconnectRedis } from "../../../../keepers/runtime/redis/connection.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { openRedisEngine } from "../../../../keepers/runtime/store/redisEngine.ts";
import { type RedisServer, requireRedis, startRedis } from "../../runtime/redisServer.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";
import { behavesAsStream } from "./streamState.behaviour.ts";

describe("kv: state of a stream on LMDB", () => {
  let engine: Engine | undefined;
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
