import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { sizeOf } from "../../../../keepers/storage/format/placement.ts";
import { shortName } from "../../../../scripts/deploy/deploy.ts";
import { IParameters__factory } from "../../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { ICommittees__factory } from "../../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { Adversary } from "../adversary.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, pointAt } from "../segments.ts";

const CLIENT = 30;
const LATE_NODE = 8;

describe("storage: publishing while things change", () => {
  let network: StorageNetwork;
  let nodes: KeeperContext[];
  let client: KeeperContext;
  let storage: StorageClient;
  /** What happens when the next batch is about to be sent. */
  let meanwhile: (() => Promise<void>) | undefined;

  before(async () => {
    network = await StorageNetwork.start();
    nodes = await network.startNodes(7);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    const { transactions } = client;
    const interrupted: KeeperContext["transactions"] = {
      address: transactions.address,
      knows: (key) => transactions.knows(key),
      close: () => transactions.close(),
      async send(job, signal) {
        if (job.key.startsWith("storage/publish/")) {
          const happens = meanwhile;
          meanwhile = undefined;
          await happens?.();
        }
        return await transactions.send(job, signal);
      },
    };
    storage = createStorageClient({ ...client, transactions: interrupted, codec: network.codec });
  });

  after(() => network.stop());

  const log = () => IStorageLog__factory.connect(network.address("StorageLog"), client.provider);
  const balance = () =>
    MyceliaToken__factory.connect(network.address("MyceliaToken"), client.provider).balanceOf(
      client.signer.address,
    );
  const appendedOf = async (root: string) =>
    await log().queryFilter(log().filters.BatchAppended(undefined, root), 0);

  it("leaves a member out that signs something else, and takes it in once it signs", async () => {
    const liar = await memberOf(nodes[0]!);
    const adversary = await Adversary.infrontOf(nodes[0]!.publicUrl);
    await pointAt(nodes[0]!, adversary.url);
    let stolen: Buffer | undefined;
    adversary.twist((path, body) => {
      if (!path.startsWith("POST /batches")) return body;
      stolen ??= body;
      return stolen;
    });
    const first = await storage.publish([await storage.put(randomBytes(100))]);
    expect(first[0]!.slotsCovered).to.equal(224);
    const put = await storage.put(randomBytes(100));
    const [second] = await storage.publish([put]);
    expect(second).to.include({ state: "final", slotsCovered: 224 - sizeOf(liar.slots) });
    expect((await log().coverageOf(second!.id)) & liar.slots).to.equal(0n);
    await pointAt(nodes[0]!, nodes[0]!.publicUrl);
    await adversary.close();
  });

  it("has members sign again when their table has changed meanwhile", async () => {
    const put = await storage.put(randomBytes(100));
    const committees = ICommittees__factory.connect(network.address("Committees"), client.provider);
    const version = await committees.versionOf(0);
    const before = await balance();
    meanwhile = async () => {
      await network.fund(LATE_NODE);
      nodes.push(await network.startNode(await network.setup(LATE_NODE)));
    };
    const [batch] = await storage.publish([put]);
    expect((await committees.versionOf(0)) > version).to.equal(true);
    expect(batch).to.include({ known: false, state: "final" });
    expect(await appendedOf(batch!.root)).to.have.length(1);
    expect(before - (await balance())).to.equal(batch!.fee);
  });

  it("asks the price again when it has risen meanwhile", async () => {
    const put = await storage.put(randomBytes(100));
    const before = await balance();
    const old = await log().feeUp(put.segments.length, 12);
    meanwhile = async () => {
      const parameters = IParameters__factory.connect(network.address("Parameters"), network.wallet(0));
      await (await parameters.set(shortName("storage.leasePricePerGiB"), parseEther("1.1"))).wait();
      await network.chain.rpc("evm_increaseTime", Number(await parameters.epochLength()));
      await network.chain.rpc("anvil_mine", "0x1");
    };
    const [batch] = await storage.publish([put]);
    expect(batch!.fee > old).to.equal(true);
    expect(await appendedOf(batch!.root)).to.have.length(1);
    expect(before - (await balance())).to.equal(batch!.fee);
  });

  it("publishes again what a reorg of five blocks took, and pays for it once on the chain that stays", async () => {
    const puts = [await storage.put(randomBytes(100)), await storage.put(randomBytes(100))];
    const before = await balance();
    const snapshot = await network.chain.rpc("evm_snapshot");
    const [lost] = await storage.publish([puts[0]!]);
    await network.chain.rpc("anvil_mine", "0x3");
    expect(await client.provider.getBlockNumber()).to.be.at.least(lost!.block + 3);
    await network.chain.rpc("evm_revert", snapshot);
    // The chain that stays is the longer one: below the block that was lost a publisher could only say that it waits.
    await network.chain.rpc("anvil_mine", "0x8");
    expect(await appendedOf(lost!.root)).to.have.length(0);
    const [other] = await storage.publish([puts[1]!]);
    const [again] = await storage.publish([puts[0]!]);
    expect(again).to.include({ root: lost!.root, known: false, state: "full" });
    expect(await appendedOf(lost!.root)).to.have.length(1);
    expect(before - (await balance())).to.equal(again!.fee + other!.fee);
    expect((await storage.publish([puts[0]!]))[0]).to.include({ id: again!.id, known: true });
    expect(before - (await balance())).to.equal(again!.fee + other!.fee);
  });
});
