import { expect } from "chai";
import type { Engine } from "../../../keepers/runtime/store/engine.ts";
import { openLmdbEngine } from "../../../keepers/runtime/store/lmdbEngine.ts";
import { MemoryEngine } from "../../../keepers/runtime/store/memoryEngine.ts";
import { openRedisEngine } from "../../../keepers/runtime/store/redisEngine.ts";
import { codeOf } from "../storage/codes.ts";
import { behavesAsEngine } from "./engine.behaviour.ts";
import { useRedis } from "./redisServer.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("engine on LMDB", () => {
  let engine: Engine | undefined;
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
  });

  behavesAsEngine(async () => {
    engine = openLmdbEngine(temporaryDirectory());
    return engine;
  });

  it("keeps all over a restart, and is open once", async () => {
    const directory = temporaryDirectory();
    engine = openLmdbEngine(directory);
    await engine.commit([{ key: Buffer.from("a"), value: Buffer.of(1) }]);
    expect(codeOf(() => openLmdbEngine(directory))).to.equal("store/in-use");
    await engine.close();
    engine = openLmdbEngine(directory);
    expect(await engine.get(Buffer.from("a"))).to.deep.equal(Buffer.of(1));
  });
});

describe("engine in memory", () => {
  behavesAsEngine(async () => new MemoryEngine());
});

describe("engine on Redis", function () {
  this.timeout(60_000);
  const redis = useRedis();
  let count = 0;

  behavesAsEngine(async () => openRedisEngine(redis(), `engine ${count++}`));

  it("keeps engines with other names apart", async () => {
    const [one, other] = [openRedisEngine(redis(), "one"), openRedisEngine(redis(), "other")];
    await one.commit([{ key: Buffer.from("a"), value: Buffer.of(1) }]);
    expect(await other.get(Buffer.from("a"))).to.equal(undefined);
  });
});
