import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { parseInclusion } from "../../../../keepers/storage/format/inclusion.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { verifyInclusion } from "../../../../keepers/storage/publisher/proofs.ts";
import { type PublisherOptions, startPublisher } from "../../../../keepers/storage/publisher.ts";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { openNodeContext } from "../nodeContext.ts";
import { randomSegment, refusalOf } from "../segments.ts";
import { type PublisherPlace, Writer } from "./writer.ts";

const WRITER = 30;

describe("storage: a publisher", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let writer: Writer;
  let account = 31;
  const publishers: KeeperContext[] = [];

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(6);
    client = await network.openClient(WRITER);
    writer = new Writer(client);
  });

  after(async () => {
    await Promise.all(publishers.map(({ closers }) => closers.closeAll()));
    await network.stop();
  });

  const start = async (options: Partial<PublisherOptions> = {}): Promise<PublisherPlace> => {
    await network.fund(account);
    const opened = await openNodeContext(await network.setup(account++, undefined, "publisher"));
    const stop = new AbortController();
    const context = { ...opened, signal: stop.signal };
    const writers = [client.signer.address];
    const settings = { writers, maxDelayMs: 100, pollMs: 20, confirmations: 0, codec: network.codec };
    await startPublisher(context, { ...settings, ...options });
    context.closers.add("server", () => context.server.close());
    context.closers.add("stop", async () => stop.abort());
    await context.server.serve();
    publishers.push(context);
    return { url: context.publicUrl, address: context.signer.address };
  };

  const log = () => IStorageLog__factory.connect(network.address("StorageLog"), client.provider);

  it("packs small objects of many orders into one batch, and proves each", async () => {
    const place = await start({ maxDelayMs: 600_000, maxObjects: 40 });
    const before = await log().batchCount();
    const objects = Array.from({ length: 40 }, () => randomBytes(4_096));
    const orders = await Promise.all(objects.map((bytes) => writer.orderObject(place, bytes)));
    const answers = await Promise.all(orders.map(({ id }) => writer.wait(place, id)));
    expect(await log().batchCount()).to.equal(before + 1n);
    const reader = createStorageClient({ ...client, codec: network.codec });
    for (const [i, { proofs, object }] of answers.entries()) {
      expect(proofs).to.have.length(1);
      await verifyInclusion(client, parseInclusion(proofs![0]));
      const read = await (await reader.get(Buffer.from(object!, "hex"))).bytes();
      expect(Buffer.from(read).equals(objects[i]!)).to.equal(true);
    }
    const again = await writer.orderObject(place, objects[0]!);
    expect(again.id).to.equal(orders[0]!.id);
    expect(await log().batchCount()).to.equal(before + 1n);
  });

  it("publishes what a writer has stored, in its own name", async () => {
    const place = await start();
    const storage = createStorageClient({ ...client, codec: network.codec });
    const segments = [...(await storage.put(randomBytes(9_000_000))).segments];
    const { id } = await writer.orderSegments(place, segments);
    const { state, proofs, batches } = await writer.wait(place, id);
    expect(state).to.equal("published");
    expect(batches).to.have.length(1);
    const proven = proofs!.map((proof) => parseInclusion(proof));
    expect(proven.map(({ segment }) => nameOf(segment.commitment))).to.have.members(
      segments.map(({ commitment }) => nameOf(commitment)),
    );
    for (const proof of proven) {
      await verifyInclusion(client, proof);
      expect(proof.log.entry.owner).to.equal(place.address);
    }
  });

  it("finds the order that names what members lack, fails it alone, and publishes the others", async () => {
    const place = await start({ maxDelayMs: 600_000, maxObjects: 5 });
    const storage = createStorageClient({ ...client, codec: network.codec });
    const good = await Promise.all([1, 2, 3, 4].map(() => storage.put(randomBytes(100))));
    const lost = await randomSegment(network.codec);
    const lists = good.map(({ segments }) => [...segments]);
    const unheld = [{ commitment: Uint8Array.from(lost.commitment), shape: lost.shape }];
    lost.release();
    const ids: string[] = [];
    for (const list of [...lists.slice(0, 2), unheld, ...lists.slice(2)])
      ids.push((await writer.orderSegments(place, list)).id);
    const states = (await Promise.all(ids.map((id) => writer.wait(place, id)))).map(({ state }) => state);
    expect(states).to.deep.equal(["published", "published", "failed", "published", "published"]);
  });

  it("runs beside others that know nothing of it", async () => {
    const places = [await start(), await start(), await start()];
    const before = await log().batchCount();
    const orders = await Promise.all(places.map((place) => writer.orderObject(place, randomBytes(100))));
    const answers = await Promise.all(places.map((place, i) => writer.wait(place, orders[i]!.id)));
    for (const { proofs } of answers) await verifyInclusion(client, parseInclusion(proofs![0]));
    expect(await log().batchCount()).to.equal(before + 3n);
  });

  it("refuses strangers, what is above a quota, and garbage, with the reason", async () => {
    const place = await start({ quotaBytesPerDay: 10_000, maxDelayMs: 600_000, maxPendingBytes: 8_000 });
    const stranger = new Writer(await network.openClient(29));
    expect(await refusalOf(stranger.orderObject(place, randomBytes(10)))).to.equal(
      "403 storage/unknown-writer",
    );
    expect(await refusalOf(writer.orderObject(place, randomBytes(10_001)))).to.equal(
      "429 storage/writer-quota-exceeded",
    );
    expect(await refusalOf(writer.orderObject(place, randomBytes(8_001)))).to.equal(
      "503 storage/publisher-full",
    );
    const first = randomBytes(6_000);
    const { id } = await writer.orderObject(place, first);
    expect((await writer.orderObject(place, first)).id).to.equal(id);
    expect(await refusalOf(writer.orderObject(place, randomBytes(4_001)))).to.equal(
      "429 storage/writer-quota-exceeded",
    );
    expect(await refusalOf(writer.orderObject(place, new Uint8Array(0)))).to.equal(
      "400 storage/empty-object",
    );
    expect(await refusalOf(writer.orderObject(place, randomBytes(256 * 1024 + 1)))).to.match(/^413 /);
    const segment = { commitment: randomBytes(32), shape: { k: 128, n: 128, rowSize: 64 } };
    expect(await refusalOf(writer.orderSegments(place, [segment, segment]))).to.equal(
      "400 storage/bad-batch",
    );
    expect(await refusalOf(writer.look(place, "x"))).to.equal("400 storage/bad-name");
    expect(await refusalOf(writer.look(place, "00".repeat(32)))).to.equal("404 storage/not-found");
    const elsewhere = { ...place, address: network.wallet(1).address };
    expect(await refusalOf(writer.orderObject(elsewhere, first))).to.equal("401 http/wrong-audience");
    expect(await codeOfRejection(start({ maxObjects: 0 }))).to.equal("storage/bad-publisher");
  });
});
