import { expect } from "chai";
import { openEmbeddedLeases } from "../../../keepers/runtime/leases/embedded.ts";
import { openRedisLeases } from "../../../keepers/runtime/leases/redis.ts";
import { connectRedis } from "../../../keepers/runtime/redis/connection.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { behaveAsLeases } from "./leases.behaviour.ts";
import { startRedis, useRedis } from "./redisServer.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";

describe("embedded leases", () => {
  let store: Store;

  before(() => {
    store = openLmdbStore(temporaryDirectory());
  });

  after(() => store.close());

  behaveAsLeases(() => openEmbeddedLeases(store));
});

describe("redis leases", () => {
  const redis = useRedis();

  behaveAsLeases(() => openRedisLeases(redis(), "test"));

  it("exclude other processes", async () => {
    const [one, two] = [openRedisLeases(redis(), "shared"), openRedisLeases(redis(), "shared")];
    const lease = await one.tryAcquire("k", 5_000);
    expect(await two.tryAcquire("k", 5_000)).to.equal(undefined);
    await lease?.release();
    const next = await two.tryAcquire("k", 5_000);
    expect(next?.fence).to.equal((lease?.fence ?? 0n) + 1n);
    await Promise.all([one.close(), two.close()]);
  });

  it("abort when somebody else has them", async () => {
    const leases = openRedisLeases(redis(), "stolen");
    const lease = await leases.tryAcquire("k", 300);
    await redis().set("{mycelia/stolen/leases}/k", "somebody");
    await eventually("it aborts", () => lease?.signal.aborted === true);
    expect(lease?.signal.reason).to.have.property("code", "leases/lost");
    await leases.close();
    expect(await redis().get("{mycelia/stolen/leases}/k")).to.equal("somebody");
  });

  it("abort no later than their term when the server is gone", async () => {
    const other = await startRedis();
    const connection = await connectRedis({ url: other.url });
    const leases = openRedisLeases(connection, "gone");
    const lease = await leases.tryAcquire("k", 400);
    await other.kill();
    await eventually("it aborts", () => lease?.signal.aborted === true);
    connection.disconnect();
    await other.stop();
  });
});
