import { expect } from "chai";
import { parseEther } from "ethers";
import { SessionBook } from "../../../../keepers/cli/storage/sessionBook.ts";
import { createSessionOrders, type SessionOrder } from "../../../../keepers/cli/storage/sessionOrders.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { StorageClient } from "../../../../keepers/storage/client.ts";
import { PaidNetwork } from "./paidNetwork.ts";

const READER = 21;
const { signal } = new AbortController();

describe("storage: what a person has locked for reads", () => {
  let paid: PaidNetwork;
  let reader: KeeperContext;
  let client: StorageClient;
  const what = { objectRoot: `0x${"ab".repeat(32)}`, committee: 0, budget: parseEther("1") };
  const cutOff = (key: string): SessionOrder => ({ ...what, key, duration: 3_600, spent: false });

  before(async () => {
    paid = await PaidNetwork.start([READER]);
    reader = await paid.network.openClient(READER);
    client = paid.client(reader);
  });
  after(() => paid.network.stop());

  it("forgets an order that was cut off before anything was sent", async () => {
    const before = await paid.network.chain.provider.getTransactionCount(reader.transactions.address);
    const orders = createSessionOrders(reader.store);
    await orders.note(cutOff("never"));
    expect(await new SessionBook(reader, client).settle(signal)).to.deep.equal({ closed: [], open: [] });
    expect(await orders.all()).to.deep.equal([]);
    const after = await paid.network.chain.provider.getTransactionCount(reader.transactions.address);
    expect(after).to.equal(before);
  });

  it("takes up an order that was cut off before its session was noted", async () => {
    const order = cutOff("sent");
    const id = await client.openReadSession(order, order.key);
    await createSessionOrders(reader.store).note(order);
    const { open } = await new SessionBook(reader, paid.client(reader)).settle(signal);
    expect(open.map((one) => one.open.id)).to.deep.equal([id]);
    const { expiresAt, claimBefore } = await paid.sessions.get(id);
    expect(open[0]?.open).to.deep.equal({ id, expiresAt, claimBefore });
  });

  it("closes what is over, and says so of what somebody else has closed", async () => {
    const book = new SessionBook(reader, client);
    const second = await book.open(what, signal);
    const { open } = await book.settle(signal);
    expect(open).to.have.length(2);
    await paid.passTo(second.open.claimBefore + 1n);
    const [first] = open.filter((one) => one.open.id !== second.open.id);
    const foreign = paid.sessions.connect(paid.network.wallet(READER + 1));
    await (await foreign.close(second.open.id)).wait();
    const { closed, open: left } = await book.settle(signal);
    expect(left).to.deep.equal([]);
    const refunds = new Map(closed.map(({ session, refunded }) => [session, refunded]));
    expect(refunds).to.deep.equal(
      new Map([
        [first?.open.id, what.budget],
        [second.open.id, undefined],
      ]),
    );
    expect(await book.settle(signal)).to.deep.equal({ closed: [], open: [] });
  });
});
