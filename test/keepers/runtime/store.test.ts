import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { connectRedis, disconnectRedis } from "../../../keepers/runtime/redis/connection.ts";
import { fromJson, toJson } from "../../../keepers/runtime/store/json.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import { createRecords } from "../../../keepers/runtime/store/records.ts";
import { openRedisStore } from "../../../keepers/runtime/store/redis.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { type RedisServer, requireRedis, startRedis } from "./redisServer.ts";
import { behavesAsStore } from "./store.behaviour.ts";
import { temporaryDirectory } from "./temporary.ts";

const writer = fileURLToPath(new URL("./children/storeWriter.ts", import.meta.url));

/** Starts a process that writes counted keys and names each on its output once it is durable. */
function startWriter(...args: string[]): ChildProcess {
  return spawn(process.execPath, ["--import=tsx", writer, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Lets the writer acknowledge so many writes, kills it, and gives back all that it acknowledged. */
async function killAfter(child: ChildProcess, acknowledged: number): Promise<string[]> {
  const keys: string[] = [];
  if (child.stdout === null) throw new Error("the writer has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    keys.push(line);
    if (keys.length === acknowledged) child.kill("SIGKILL");
  }
  return keys;
}

describe("embedded store", () => {
  let store: Store | undefined;

  afterEach(async () => {
    await store?.close();
    store = undefined;
  });

  describe("behaves as a store", () => {
    behavesAsStore(async () => {
      store = openLmdbStore(temporaryDirectory());
      return store;
    });
  });

  it("keeps everything over a restart", async () => {
    const directory = temporaryDirectory();
    const first = openLmdbStore(directory);
    await first.put("a", Buffer.from("1"));
    await first.close();
    store = openLmdbStore(directory);
    expect(await store.get("a")).to.deep.equal(Buffer.from("1"));
  });

  for (const acknowledged of [1, 57, 400]) {
    it(`has every acknowledged write after kill -9 at ${acknowledged}, and batches whole`, async () => {
      const directory = temporaryDirectory();
      const child = startWriter("lmdb", directory);
      const keys = await killAfter(child, acknowledged);
      if (child.signalCode === null) await once(child, "exit");
      store = openLmdbStore(directory);
      expect(keys.length).to.be.at.least(acknowledged);
      for (const key of keys) expect(await store.get(key), key).not.to.equal(undefined);
      await expectTwins(store);
    });
  }

  it("refuses a directory that is open, here or elsewhere, and takes it over from the dead", async () => {
    const directory = temporaryDirectory();
    const child = startWriter("lmdb", directory);
    if (child.stdout === null) throw new Error("the writer has no output");
    await once(child.stdout, "data");
    expect(() => openLmdbStore(directory))
      .to.throw()
      .with.property("code", "store/in-use");
    child.kill("SIGKILL");
    await once(child, "exit");
    store = openLmdbStore(directory);
    expect(() => openLmdbStore(directory)).to.throw(`process ${process.pid}`);
  });
});

describe("redis store", () => {
  let server: RedisServer;
  let redis: Redis;
  let stores = 0;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
    redis = await connectRedis({ url: server.url });
  });

  after(async () => {
    if (server === undefined) return;
    await disconnectRedis(redis);
    await server.stop();
  });

  describe("behaves as a store", () => {
    behavesAsStore(async () => openRedisStore(redis, `behaviour/${++stores}`));
  });

  it("has every acknowledged write after the server was killed and came back, and batches whole", async () => {
    const child = startWriter("redis", server.url, "crash");
    const keys: string[] = [];
    if (child.stdout === null) throw new Error("the writer has no output");
    for await (const line of createInterface({ input: child.stdout })) {
      keys.push(line);
      if (keys.length === 200) await server.kill();
      if (keys.length === 200) await server.restart();
      if (keys.length === 400) child.kill("SIGKILL");
    }
    const store = openRedisStore(redis, "crash");
    for (const key of keys) expect(await store.get(key), key).not.to.equal(undefined);
    await expectTwins(store);
  });

  it("keeps deployments apart", async () => {
    const [one, two] = [openRedisStore(redis, "one"), openRedisStore(redis, "two")];
    await one.put("k", Buffer.from("1"));
    expect(await two.get("k")).to.equal(undefined);
  });

  it("refuses a server that forgets or evicts", async () => {
    const volatile = await startRedis("--appendonly", "no");
    const lazy = await startRedis("--appendfsync", "everysec");
    const evicting = await startRedis("--maxmemory-policy", "allkeys-lru");
    try {
      for (const { url } of [volatile, lazy, evicting]) {
        await expect(connectRedis({ url })).to.be.rejected.and.eventually.have.property(
          "code",
          "redis/volatile",
        );
      }
      await disconnectRedis(await connectRedis({ url: volatile.url, acceptVolatile: true }));
    } finally {
      await Promise.all([volatile.stop(), lazy.stop(), evicting.stop()]);
    }
  });

  it("says which server does not answer, or refuses", async () => {
    const locked = await startRedis("--requirepass", "secret");
    try {
      await expect(connectRedis({ url: locked.url }))
        .to.be.rejectedWith("refuses")
        .and.eventually.have.property("code", "redis/refused");
      await disconnectRedis(await connectRedis({ url: locked.url, password: "secret" }));
    } finally {
      await locked.stop();
    }
    await expect(connectRedis({ url: locked.url, timeoutMs: 300 }))
      .to.be.rejectedWith(new URL(locked.url).host)
      .and.eventually.have.property("code", "redis/unreachable");
  });
});

/** The writer puts "twin/a/N" and "twin/b/N" in one batch each. */
async function expectTwins(store: Store): Promise<void> {
  for (const [mine, other] of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    for await (const [key] of store.scan({ prefix: `twin/${mine}/` })) {
      expect(await store.get(`twin/${other}/${key.split("/")[2]}`), key).not.to.equal(undefined);
    }
  }
}

describe("records", () => {
  const leaf = fc.oneof(
    fc.bigInt(),
    fc.uint8Array().map((array) => new Uint8Array(array)),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.constant(null),
  );
  const key = fc.oneof(fc.string(), fc.constantFrom("$bigint", "$bytes", "$", "$$bigint", "__proto__"));
  const { data } = fc.letrec<{ data: unknown }>((tie) => ({
    data: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("data"), { maxLength: 4 }),
      fc.dictionary(key, tie("data"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it("come back from JSON as they were, bigints, bytes and look-alikes included", () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(fromJson(toJson(value))).to.deep.equal(value);
      }),
    );
  });

  it("are refused when they are not what was written", async () => {
    expect(() => fromJson("{"))
      .to.throw()
      .with.property("code", "store/record-corrupt");
    const store = openLmdbStore(temporaryDirectory());
    const heights = createRecords<number>(store, "height/", {
      format: (height) => height,
      parse(found) {
        if (typeof found !== "number") throw new Error("not a height");
        return found;
      },
    });
    await heights.put("a", 7);
    await store.batch([heights.putWrite("b", 8), heights.deleteWrite("a")]);
    expect(await heights.get("a")).to.equal(undefined);
    expect(await heights.putIfAbsent("b", 9)).to.equal(false);
    for await (const entry of heights.scan()) expect(entry).to.deep.equal(["b", 8]);
    await store.put("height/b", Buffer.from('"tall"'));
    await expect(heights.get("b")).to.be.rejectedWith("not a height");
    await store.close();
  });
});
