import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { RetryableError } from "../../../../keepers/runtime/errors.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { IStorageLog__factory } from "../../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";

const MIB = 1024 * 1024;
const MEMBERS = 8;
const CLIENT = 30;

describe("storage: publishing", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let storage: StorageClient;

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(MEMBERS);
    client = await network.openClient(CLIENT);
    await network.fund(CLIENT);
    storage = createStorageClient({ ...client, codec: network.codec });
  });

  after(() => network.stop());

  it("pays once for a batch, names its place, and gives the credit back at every node", async () => {
    const puts = [await storage.put(randomBytes(5 * MIB)), await storage.put(randomBytes(70_000))];
    const units = puts
      .flatMap(({ segments }) => [...segments])
      .reduce((sum, { shape }) => sum + BigInt(((shape.k + shape.n) * shape.rowSize) / 16_384), 0n);
    const before = await tokenBalance();
    const [first] = await storage.publish(puts);
    const fee = before - (await tokenBalance());
    expect(first).to.include({ known: false, toldMembers: MEMBERS, segments: 4, committee: 0, units, fee });
    expect(first).to.include({ state: "full", slotsCovered: 256 });
    expect(fee > 0n).to.equal(true);
    const [again] = await storage.publish(puts);
    expect(again).to.deep.equal({ ...first, known: true });
    expect(before - (await tokenBalance())).to.equal(fee);
    const [next] = await storage.publish([await storage.put(randomBytes(10))]);
    expect(next!.firstUnit).to.equal(first!.firstUnit + units);
    expect(next!.id).to.equal(first!.id + 1n);
  });

  it("pays for the term that is asked for, and again for ever or once it is over", async () => {
    const puts = [await storage.put(randomBytes(14))];
    const [year] = await storage.publish(puts);
    const { timestamp } = (await client.provider.getBlock(year!.block))!;
    expect(Number(year!.expiry) - timestamp).to.be.within(360 * 86_400, 361 * 86_400);
    const [month] = await storage.publish(puts, { months: 1 });
    expect(month).to.include({ known: true, id: year!.id });
    const [ever] = await storage.publish(puts, { months: 0 });
    expect(ever).to.include({ known: false, expiry: 0n });
    expect((await storage.publish(puts, { months: 24 }))[0]).to.include({ known: true, id: ever!.id });
    for (const months of [-1, 1.5, 65_536])
      expect(await codeOfRejection(storage.publish(puts, { months }))).to.equal("storage/bad-term");

    const leased = [await storage.put(randomBytes(15))];
    const [lapsed] = await storage.publish(leased, { months: 1 });
    await network.chain.rpc("evm_increaseTime", 32 * 86_400);
    await network.chain.rpc("anvil_mine", "0x1");
    const [renewed] = await storage.publish(leased, { months: 1 });
    expect(renewed).to.include({ known: false, root: lapsed!.root });
    expect((await storage.publish(leased))[0]).to.include({ known: true, id: renewed!.id });
  });

  it("lets two publications at once both through", async () => {
    const puts = await Promise.all([storage.put(randomBytes(10)), storage.put(randomBytes(11))]);
    const [one, two] = await Promise.all(puts.map((put) => storage.publish([put])));
    expect(one![0]!.id).to.not.equal(two![0]!.id);
  });

  it("never pays twice, when a call is cut off while its transaction flies, nor from another process", async () => {
    const put = await storage.put(randomBytes(12));
    const log = IStorageLog__factory.connect(network.address("StorageLog"), client.provider);
    const before = await log.batchCount();
    await storage.publish([await storage.put(randomBytes(13))]);
    await network.chain.rpc("evm_setAutomine", false);
    const stop = new AbortController();
    const cut = storage.publish([put], { signal: stop.signal }).catch((error: unknown) => error);
    await pendingCount(1);
    stop.abort(new RetryableError("test/cut", "cut"));
    expect(await cut).to.have.property("code", "test/cut");
    const again = storage.publish([put]);
    await network.chain.rpc("evm_setIntervalMining", 1);
    const [batch] = await again;
    await network.chain.rpc("evm_setIntervalMining", 0);
    await network.chain.rpc("evm_setAutomine", true);
    expect(await log.batchCount()).to.equal(before + 2n);
    const elsewhere = await network.openClient(CLIENT, "elsewhere");
    const second = createStorageClient({ ...elsewhere, codec: network.codec });
    expect((await second.publish([put]))[0]).to.include({ id: batch!.id, known: true });
    expect(await log.batchCount()).to.equal(before + 2n);
  });

  it("counts content that is in two objects once", async () => {
    const data = randomBytes(1000);
    const puts = [await storage.put(data), await storage.put(data)];
    expect((await storage.publish(puts))[0]).to.have.property("segments", 1);
    expect(await storage.publish([])).to.deep.equal([]);
  });

  async function pendingCount(wanted: number): Promise<void> {
    const count = async () =>
      Number(((await network.chain.rpc("txpool_status")) as { pending: string }).pending);
    while ((await count()) < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async function tokenBalance(): Promise<bigint> {
    return await MyceliaToken__factory.connect(network.address("MyceliaToken"), client.provider).balanceOf(
      client.signer.address,
    );
  }
});
