import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { rowsPerStrip, sizeOf, stripsOfSlots } from "../../../../keepers/storage/format/placement.ts";
import { eventually } from "../../runtime/temporary.ts";
import { StorageNetwork } from "../network.ts";
import { refusalOf } from "../segments.ts";
import { RepairedNetwork } from "./repairedNetwork.ts";

const CLIENT = 30;
const KIB = 1024;
const NODES = 10;

describe("storage: repair by nodes as processes", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let nodes: RepairedNetwork;
  let storage: StorageClient;

  before(async () => {
    network = await StorageNetwork.start();
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    nodes = await RepairedNetwork.start(network, client, NODES);
    storage = newClient();
  });

  after(() => network.stop());

  /** One that has seen nobody fail yet. */
  const newClient = () =>
    createStorageClient({ ...client, codec: network.codec, limits: { hedgeMs: 5_000, graceMs: 2_000 } });

  /** Objects of all kinds, published: packed ones, and one with segments of its own. */
  const write = async () => {
    const objects = [randomBytes(10), randomBytes(40 * KIB), randomBytes(700 * KIB)];
    const puts = [];
    for (const object of objects) puts.push(await storage.put(object));
    const [batch] = await storage.publish(puts);
    return { objects, puts, batch: batch!, segments: puts.flatMap(({ segments }) => [...segments]) };
  };

  const readsBack = async ({ objects, puts }: Awaited<ReturnType<typeof write>>) => {
    const reader = newClient();
    for (const [i, { objectRoot }] of puts.entries()) {
      const object = await reader.get(objectRoot);
      expect(Buffer.from(await object.bytes()).equals(objects[i]!)).to.equal(true);
    }
  };

  it("gives a node that was down during a write its strips, after which any other four may die", async () => {
    await nodes.kill([9]);
    const written = await write();
    expect(written.batch.slotsCovered).to.be.lessThan(256);
    await nodes.restart([9]);
    await nodes.isComplete(9, written.segments);
    await nodes.kill([0, 2, 5, 7]);
    await readsBack(written);
    await nodes.restart([0, 2, 5, 7]);
  });

  it("fills three empty nodes out of seven, after which four of the old may die", async () => {
    const written = await write();
    const empty = [1, 4, 8];
    await nodes.replace(empty);
    for (const index of empty) await nodes.isComplete(index, written.segments);
    let [fetched, restored, due] = [0, 0, 0];
    for (const index of empty) {
      fetched += await nodes.counted(index, "fetched_bytes_total");
      restored += await nodes.counted(index, "restored_bytes_total");
      const { slots } = await nodes.member(index);
      for (const { commitment, shape } of written.segments)
        due += sizeOf(stripsOfSlots(slots, commitment)) * rowsPerStrip(shape) * shape.rowSize;
    }
    expect(restored).to.be.at.least(due);
    // What is gone with its disk comes out of 128 strips, whoever lost 26 of 256; small rows have long paths.
    expect(fetched / restored).to.be.within(1, 8);
    await nodes.kill([0, 3, 6, 9]);
    await readsBack(written);
    for (const index of empty)
      for (const { objectRoot } of written.puts)
        await eventually("it can be found", () => isListed(index, objectRoot));
  });

  /** Whether a node says where an object lies. */
  const isListed = async (index: number, name: Uint8Array) => {
    const api = createMemberApi({ ...client, timeoutMs: 10_000 });
    const asked = api.locations(await nodes.member(index), name, new AbortController().signal);
    return (await refusalOf(asked)) === "none";
  };
});
