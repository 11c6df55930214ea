import { expect } from "chai";
import { readAudit, readSession } from "../../../keepers/compute/chainReads.ts";
import { STAGE } from "../../../keepers/compute/states.ts";
import { pause } from "../../../keepers/runtime/pause.ts";
import { eventually } from "../runtime/temporary.ts";
import {
  BOND,
  BUDGET,
  digitsBatch,
  orderFor,
  providerOptions,
  startProviderIn,
  startUserIn,
  startVerifiersIn,
} from "./cast.ts";
import { ready, type TestKeeper } from "./keepers.ts";
import { type Market, startMarket } from "./market.ts";

describe("a provider that disappears", function () {
  this.timeout(120_000);
  let market: Market;
  const keepers: TestKeeper[] = [];

  before(async () => {
    market = await startMarket();
    keepers.push(...(await startVerifiersIn(market)));
  });

  after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await market.stop();
  });

  async function untilStage(session: bigint, stage: number): Promise<bigint> {
    for (;;) {
      const claim = (await readSession(market.contracts, session))?.openClaim ?? 0n;
      const audit = claim === 0n ? undefined : await readAudit(market.contracts, claim);
      if (audit !== undefined && audit.stage >= stage) return claim;
      await pause(5);
    }
  }

  /** Lets the time of a stage run out; verifiers have the last seconds of theirs to act in. Returns the next stage. */
  async function letPass(claim: bigint, stage: number): Promise<number> {
    const { deadline } = (await readAudit(market.contracts, claim))!;
    const now = BigInt((await market.chain.provider.getBlock("latest"))!.timestamp);
    const margin = stage === STAGE.committing ? -20n : 1n;
    await market.pass(Number(deadline + margin - now));
    let next = stage;
    await eventually("the audit moves on", async () => {
      next = (await readAudit(market.contracts, claim))!.stage;
      return next !== stage;
    });
    return next;
  }

  it("loses bond, its claim and its session, and no verifier is blamed", async () => {
    const provider = await startProviderIn(market, "provider", providerOptions(market));
    const { client, keeper } = await startUserIn(market, "user");
    keepers.push(keeper);
    await ready(provider.url);
    const session = await client.open(orderFor(market));
    for (let index = 0; index < 3; index++) await session.infer([digitsBatch(10 * index, 10)]);
    await session.finish();
    const claim = await untilStage(session.id, STAGE.opening);
    await provider.stop();

    const { audits, bonds, addresses } = market.contracts;
    const atDeath = (await readAudit(market.contracts, claim))!.stage;
    expect(atDeath).to.be.lessThan(STAGE.revealing);
    for (let stage = atDeath; stage !== STAGE.concluded; stage = await letPass(claim, stage));
    const settlement = await session.settled({ pollMs: 100, timeoutMs: 60_000 });
    expect(settlement).to.deep.include({ paid: 0n, refunded: BUDGET });
    expect(settlement.claims[0]).to.deep.include({ outcome: "void", verdict: "guilty" });
    expect(await bonds.slashable(provider.context.signer.address, addresses.Services)).to.equal(BOND / 2n);
    expect(await audits.queryFilter(audits.filters.VerifierAbsent(claim))).to.have.length(0);
  });
});
