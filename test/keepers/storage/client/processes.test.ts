import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { killWhileItWrites } from "../signedStrips.ts";

const CLIENT = 30;

describe("storage: nodes as processes", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  const setups: NodeSetup[] = [];
  const children: ChildProcess[] = [];

  before(async () => {
    network = await StorageNetwork.start();
    client = await network.openClient(CLIENT);
    for (let index = 1; index <= 10; index++) {
      await network.fund(index);
      setups.push(await network.setup(index));
    }
    children.push(...(await Promise.all(setups.map((setup) => network.spawnNode(setup)))));
  });

  after(() => network.stop());

  it("reads an object back when three of ten have been killed", async () => {
    const storage = createStorageClient({
      ...client,
      codec: network.codec,
      limits: { hedgeMs: 30_000, graceMs: 30_000 },
    });
    const data = randomBytes(6_000_000);
    const put = await storage.put(data);
    expect(put.state).to.equal("full");
    await Promise.all([1, 4, 7].map((i) => kill(children[i]!)));
    const object = await storage.get(put.objectRoot);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect(object.report.rebuilt).to.be.within(2, 3);
    for (const i of [1, 4, 7]) children[i] = await network.spawnNode(setups[i]!);
    const again = await storage.get(put.objectRoot);
    expect(Buffer.from(await again.bytes()).equals(data)).to.equal(true);
    expect(again.report.rebuilt).to.equal(0);
  });

  it("loses no strip that it has signed for, however often it is killed while it writes", async () => {
    const setup = setups[0]!;
    children[0] = await killWhileItWrites({
      ...{ network, client, port: setup.port, child: children[0]! },
      restart: () => network.spawnNode(setup),
      ...{ segments: 16, kills: [1, 3, 7, 12], timeoutMs: 10_000 },
    });
  });
});
