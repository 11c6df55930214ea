import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { openRedisEngine } from "../../../../keepers/runtime/store/redisEngine.ts";
import { useRedis } from "../../runtime/redisServer.ts";
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
  const redis = useRedis();

  behavesAsStream(async () => openRedisEngine(redis(), "streams"), 20);
});
