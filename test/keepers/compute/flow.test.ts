import { expect } from "chai";
import { parseEther } from "ethers";
import { lazyEngineForTier } from "../../../examples/cheat/lazyEngine.ts";
import { CLASSES } from "../../../examples/digits/dataset.ts";
import { largest } from "../../../examples/digits/network.ts";
import {
  BOND,
  BUDGET,
  digitsBatch,
  heldOut,
  orderFor,
  providerOptions,
  startProviderIn,
  startUserIn,
  startVerifiersIn,
  UNIT_PRICE,
} from "./cast.ts";
import { ready, type TestKeeper } from "./keepers.ts";
import { type Market, startMarket } from "./market.ts";

const BATCH = 30;

describe("a paid job", function () {
  this.timeout(120_000);
  let market: Market;
  let provider: TestKeeper;
  const keepers: TestKeeper[] = [];

  before(async () => {
    market = await startMarket();
    provider = await startProviderIn(market, "provider", providerOptions(market));
    keepers.push(provider, ...(await startVerifiersIn(market)));
    await ready(provider.url);
  });

  after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await market.stop();
  });

  it("is answered, checked, audited and paid to the wei", async () => {
    const { keeper, client } = await startUserIn(market, "user");
    keepers.push(keeper);
    const prepaid = await client.balance();
    const session = await client.open(orderFor(market));
    let right = 0;
    for (let start = 0; start < heldOut.count; start += BATCH) {
      const { outputs } = await session.infer([digitsBatch(start, BATCH)]);
      const scores = outputs[0]!.data as Float32Array;
      for (let row = 0; row < BATCH; row++) {
        if (largest(scores.subarray(row * CLASSES, (row + 1) * CLASSES)) === heldOut.labels[start + row])
          right++;
      }
    }
    expect(right / heldOut.count).to.be.at.least(0.96);
    await session.finish();
    const settlement = await session.settled({ pollMs: 100 });

    const owed = session.terms.unitPrice * BigInt(heldOut.count);
    expect(settlement).to.deep.include({ paid: owed, refunded: BUDGET - owed });
    expect(settlement.claims).to.have.length(1);
    expect(settlement.claims[0]).to.deep.include({
      outcome: "paid",
      verdict: "honest",
      receipts: 12n,
      audited: 2,
    });
    expect(await client.balance()).to.equal(prepaid - owed);

    const { contracts } = market;
    const [posted] = await contracts.sessions.queryFilter(contracts.sessions.filters.ClaimSettled());
    const { toOperator, toVerifiers, toTreasury } = posted!.args;
    const tip = (await contracts.sessions.claimOf(settlement.claims[0]!.id)).tip;
    expect(toOperator + toVerifiers + toTreasury + tip).to.equal(owed);
    expect(await contracts.ledger.balanceOf(provider.context.signer.address)).to.equal(toOperator);
    expect(await client.withdraw()).to.equal(prepaid - owed);
    expect(await client.balance()).to.equal(0n);
  });

  it("costs a provider that cheats its bond, and the user nothing", async () => {
    const cheap = UNIT_PRICE / 2n;
    const cheat = await startProviderIn(market, "cheat", providerOptions(market, cheap, lazyEngineForTier));
    const { keeper, client } = await startUserIn(market, "cheated");
    keepers.push(cheat, keeper);
    await ready(cheat.url);
    const session = await client.open(orderFor(market));
    expect(session.terms.operator, "the cheap one is matched").to.equal(cheat.context.signer.address);
    const prepaid = (await client.balance()) + BUDGET;
    for (let start = 0; start < 240; start += BATCH) await session.infer([digitsBatch(start, BATCH)]);
    await session.finish();
    const settlement = await session.settled({ pollMs: 100 });
    expect(settlement).to.deep.include({ paid: 0n, refunded: BUDGET });
    expect(settlement.claims[0]).to.deep.include({ outcome: "void", verdict: "guilty" });

    const { contracts } = market;
    const { Services } = contracts.addresses;
    const [slash] = await contracts.bonds.queryFilter(
      contracts.bonds.filters.BondSlashed(cheat.context.signer.address),
    );
    const { toVictim, toReporters, toTreasury } = slash!.args;
    const left = await contracts.bonds.slashable(cheat.context.signer.address, Services);
    expect(toVictim + toReporters + toTreasury).to.equal(BOND - left);
    expect(BOND - left).to.equal(BOND / 2n);
    expect(toReporters > 0n && toTreasury > 0n).to.equal(true);
    // What the beacon's tip took out of the ledger came back as the victim's part of the slash.
    const owed = await contracts.bonds.owed(keeper.context.signer.address);
    expect(owed).to.equal(toVictim);
    expect((await client.balance()) + owed >= prepaid).to.equal(true);
  });

  it("gives the whole budget back when nothing was asked", async () => {
    const { keeper, client } = await startUserIn(market, "shy");
    keepers.push(keeper);
    const prepaid = await client.balance();
    const session = await client.open(orderFor(market));
    expect(await client.balance()).to.equal(prepaid - BUDGET);
    await session.finish();
    expect(await session.settled({ pollMs: 100 })).to.deep.equal({ paid: 0n, refunded: BUDGET, claims: [] });
    expect(await client.balance()).to.equal(prepaid);
  });

  it("lets a user leave a provider that claims nothing", async () => {
    const { keeper, client } = await startUserIn(market, "leaver", parseEther("1"));
    keepers.push(keeper);
    const session = await client.open(orderFor(market));
    await session.infer([digitsBatch(0, 1)]);
    await session.close();
    const { paid, refunded } = await session.settled({ pollMs: 100 });
    expect({ paid, refunded }).to.deep.equal({ paid: 0n, refunded: BUDGET });
  });
});
