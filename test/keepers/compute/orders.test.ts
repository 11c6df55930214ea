import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { id, parseEther } from "ethers";
import { createComputeClient } from "../../../keepers/compute/client.ts";
import { eventually } from "../runtime/temporary.ts";
import {
  BUDGET,
  digitsBatch,
  orderFor,
  providerOptions,
  startProviderIn,
  startUserIn,
  type TestUser,
  UNIT_PRICE,
} from "./cast.ts";
import { openKeeper, ready, saidAtReady, setupFor, type TestKeeper } from "./keepers.ts";
import { type Market, startMarket } from "./market.ts";

use(chaiAsPromised);

describe("an order", function () {
  this.timeout(120_000);
  let market: Market;
  let user: TestUser;
  const keepers: TestKeeper[] = [];

  before(async () => {
    market = await startMarket();
    const provider = await startProviderIn(market, "provider", providerOptions(market));
    user = await startUserIn(market, "user");
    keepers.push(provider, user.keeper);
    await ready(provider.url);
  });

  after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await market.stop();
  });

  it("tells an unknown model from one that costs too much, with the cheapest price", async () => {
    const unknown = user.client.open({ ...orderFor(market), model: id("nothing") });
    await expect(unknown)
      .to.be.rejectedWith("Nobody offers")
      .and.eventually.include({ code: "compute/no-match" });
    const balance = await user.client.balance();
    const { services } = market.contracts;
    const unitPrice = await services.priceAt((await services.get(1n)).tick);
    const dear = user.client.open(orderFor(market, UNIT_PRICE / 2n));
    await expect(dear).to.be.rejected.and.eventually.deep.include({ code: "compute/no-match" });
    await expect(dear).to.be.rejectedWith(`costs ${unitPrice} wei`);
    expect(await user.client.balance()).to.equal(balance);
  });

  it("says when the provider's bond has no room for the budget", async () => {
    await user.client.prepay(parseEther("200"));
    const large = user.client.open({ ...orderFor(market), budget: parseEther("150") });
    await expect(large).to.be.rejectedWith("room for this budget");
  });

  it("says what is missing when nothing was prepaid, or too little", async () => {
    const poor = await startUserIn(market, "poor", 0n);
    keepers.push(poor.keeper);
    await expect(poor.client.open(orderFor(market))).to.be.rejectedWith("prepay first");
    await poor.client.prepay(BUDGET - 1n);
    const opened = poor.client.open(orderFor(market));
    await expect(opened).to.be.rejected.and.eventually.include({ code: "compute/insufficient-balance" });
    await expect(poor.client.prepay(parseEther("1000000"))).to.be.rejected.and.eventually.include({
      code: "compute/insufficient-tokens",
    });
  });

  it("does not open a second session for the same key", async () => {
    const order = orderFor(market);
    const first = await user.client.open(order, "the-key");
    const again = await createComputeClient(user.keeper.context).open(order, "the-key");
    expect(again.id).to.equal(first.id);
    await first.finish();
  });

  it("does not fetch from a provider at a private address unless that is allowed", async () => {
    const setup = await setupFor("careful", await market.account(), market);
    const careful = await openKeeper({ ...setup, allowPrivate: [] });
    keepers.push(careful);
    const client = createComputeClient(careful.context);
    await client.prepay(BUDGET);
    const opened = await client.open(orderFor(market));
    await expect(opened.infer([digitsBatch(0, 1)])).to.be.rejected.and.eventually.include({
      code: "http/refused-address",
    });
    expect((await opened.progress()).receipts).to.equal(0n);
    await opened.close();
  });

  it("never offers a model that is garbage, and says why", async () => {
    const garbage = await market.publish(new TextEncoder().encode("not a model at all"));
    const options = {
      ...providerOptions(market),
      services: [{ model: garbage, tier: "exact" as const, unitPrice: 1_000_000n }],
    };
    const keeper = await startProviderIn(market, "garbage", options);
    keepers.push(keeper);
    await eventually("the provider has looked at the model", async () =>
      (await saidAtReady(keeper.url)).includes("Model refused"),
    );
    await expect(user.client.open({ ...orderFor(market), model: garbage })).to.be.rejectedWith(
      "Nobody offers",
    );
  });
});
