import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { parseInclusion } from "../../../../keepers/storage/format/inclusion.ts";
import { verifyInclusion } from "../../../../keepers/storage/publisher/proofs.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { type PublisherPlace, Writer } from "./writer.ts";

const WRITER = 30;
const FIRST_PUBLISHER = 31;
/** Between which two writes or sends it dies; what an order is turned into, in the order in which it happens. */
const POINTS = [
  "accept after 2",
  "draft before 1",
  "draft after 1",
  "compose before 1",
  "compose after 1",
  "append before 1",
  "append after 1",
  "note after 1",
];

describe("storage: a publisher that is killed", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let writer: Writer;

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(6);
    client = await network.openClient(WRITER);
    writer = new Writer(client);
  });

  after(() => network.stop());

  for (const [number, point] of POINTS.entries())
    it(`publishes every accepted order once and pays once: ${point}`, async () => {
      const account = FIRST_PUBLISHER + number;
      await network.fund(account);
      const setup = await network.setup(account, undefined, "publisher");
      const place = placeOf(setup, account);
      const doomed = await spawn(setup, point);
      const ended = once(doomed, "exit");
      const objects = [randomBytes(500), randomBytes(1_500)];
      for (const bytes of objects) await writer.orderObject(place, bytes).catch(() => undefined);
      expect((await ended)[1]).to.equal("SIGKILL");

      await spawn(setup);
      // A writer that got no answer orders again; one that got one need not, and it changes nothing.
      const ids = await Promise.all(
        objects.map(async (bytes) => (await writer.orderObject(place, bytes)).id),
      );
      const answers = await Promise.all(ids.map((id) => writer.wait(place, id)));
      expect(answers.map(({ state }) => state)).to.deep.equal(["published", "published"]);
      const [batch] = answers.map(({ batches }) => batches![0]!);
      expect(batch!.state).to.equal("final");
      for (const { proofs } of answers) await verifyInclusion(client, parseInclusion(proofs![0]));
      expect(await spent(account)).to.deep.equal(await fees(account));
      const reader = createStorageClient({ ...client, codec: network.codec });
      for (const [i, bytes] of objects.entries()) {
        const object = await reader.get(Buffer.from(answers[i]!.object!, "hex"));
        expect(Buffer.from(await object.bytes()).equals(bytes)).to.equal(true);
      }
    });

  const spawn = (setup: NodeSetup, death?: string): Promise<ChildProcess> =>
    network.spawnPublisher(setup, {
      publisher: {
        writers: [client.signer.address],
        ...{ maxDelayMs: 600_000, maxObjects: 2, pollMs: 50, confirmations: 1_000 },
      },
      ...(death !== undefined && { death }),
    });

  const placeOf = ({ port }: NodeSetup, account: number): PublisherPlace => ({
    url: `http://127.0.0.1:${port}`,
    address: network.wallet(account).address,
  });

  /** One batch, and its fee. */
  const fees = async (account: number) => {
    const log = IStorageLog__factory.connect(network.address("StorageLog"), client.provider);
    const owner = network.wallet(account).address;
    const events = await log.queryFilter(log.filters.BatchAppended(undefined, undefined, owner), 0);
    expect(events).to.have.length(1);
    return events[0]!.args.fee;
  };

  const spent = async (account: number) => {
    const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), client.provider);
    const owner = network.wallet(account).address;
    const received = await token.queryFilter(token.filters.Transfer(undefined, owner), 0);
    return received.reduce((sum, { args }) => sum + args.value, 0n) - (await token.balanceOf(owner));
  };
});
