import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { readAudit, readClaim, readSession } from "../../../keepers/compute/chainReads.ts";
import { type ComputeSession, createComputeClient } from "../../../keepers/compute/client.ts";
import { CLAIM, STAGE } from "../../../keepers/compute/states.ts";
import { RetryableError } from "../../../keepers/runtime/errors.ts";
import type { HttpClient } from "../../../keepers/runtime/http/exchange.ts";
import { pause } from "../../../keepers/runtime/pause.ts";
import {
  BOND,
  BUDGET,
  digitsBatch,
  orderFor,
  providerOptions,
  startProviderIn,
  startUserIn,
  startVerifiersIn,
  type TestUser,
  UNIT_PRICE,
} from "./cast.ts";
import { type KeeperSetup, ready, runProvider, runVerifier, setupFor, type TestKeeper } from "./keepers.ts";
import { type Market, startMarket } from "./market.ts";

use(chaiAsPromised);

/** What the chain says of a session's claim; 0 before there is one. */
async function stageOf(market: Market, session: bigint, known: { claim: bigint }): Promise<number> {
  const terms = await readSession(market.contracts, session);
  if (terms !== undefined && terms.openClaim !== 0n) known.claim = terms.openClaim;
  if (known.claim === 0n) return 0;
  const claim = await readClaim(market.contracts, known.claim);
  if (claim?.state === CLAIM.free || claim?.state === CLAIM.settled) return STAGE.concluded;
  return (await readAudit(market.contracts, known.claim))?.stage ?? STAGE.drawing;
}

async function untilStage(market: Market, session: ComputeSession, stage: number): Promise<bigint> {
  const known = { claim: 0n };
  while ((await stageOf(market, session.id, known)) < stage) await pause(5);
  return known.claim;
}

describe("a job whose keepers are killed", function () {
  this.timeout(180_000);
  let market: Market;
  let provider: TestKeeper;
  let verifiers: TestKeeper[];
  let user: TestUser;

  before(async () => {
    market = await startMarket();
    provider = await startProviderIn(market, "provider", providerOptions(market));
    verifiers = await startVerifiersIn(market);
    user = await startUserIn(market, "user", BUDGET * 20n);
    await ready(provider.url);
  });

  after(async () => {
    await Promise.all([provider, user.keeper, ...verifiers].map((keeper) => keeper.stop()));
    await market.stop();
  });

  async function restartProvider(): Promise<void> {
    await provider.stop();
    provider = await runProvider(provider.setup, providerOptions(market));
  }

  async function work(session: ComputeSession, requests: number): Promise<void> {
    for (let index = 0; index < requests; index++) await session.infer([digitsBatch(10 * index, 10)]);
  }

  async function expectPaid(session: ComputeSession, units: bigint): Promise<void> {
    const settlement = await session.settled({ pollMs: 50, timeoutMs: 60_000 });
    const owed = session.terms.unitPrice * units;
    expect(settlement).to.deep.include({ paid: owed, refunded: session.terms.budget - owed });
    expect(settlement.claims).to.have.length(1);
    expect(settlement.claims[0]).to.deep.include({ outcome: "paid", verdict: "honest" });
  }

  it("goes on after the provider was down between requests, and finds its service again", async () => {
    const services = await market.contracts.services.count();
    const session = await user.client.open(orderFor(market));
    await work(session, 2);
    await restartProvider();
    await session.infer([digitsBatch(20, 10)]);
    await session.finish();
    await restartProvider();
    await expectPaid(session, 30n);
    expect(await market.contracts.services.count()).to.equal(services);
  });

  const stages = { ...STAGE, none: 0 };
  const points: (keyof typeof STAGE)[] = [
    "drawing",
    "opening",
    "committing",
    "unsealing",
    "revealing",
    "concluded",
  ];
  for (const point of points) {
    it(`is paid when the provider dies while the claim is ${point}`, async () => {
      const session = await user.client.open(orderFor(market));
      await work(session, 3);
      await session.finish();
      await untilStage(market, session, stages[point]);
      await restartProvider();
      await expectPaid(session, 30n);
    });
  }

  for (const point of ["committing", "unsealing", "revealing"] as const) {
    it(`is paid, and nobody is absent, when all verifiers die while the claim is ${point}`, async () => {
      const session = await user.client.open(orderFor(market));
      await work(session, 3);
      await session.finish();
      const claim = await untilStage(market, session, stages[point]);
      await Promise.all(verifiers.map((verifier) => verifier.stop()));
      const options = { loadModel: market.load };
      verifiers = await Promise.all(verifiers.map(({ setup }) => runVerifier(setup, options)));
      await expectPaid(session, 30n);
      const absent = market.contracts.audits.filters.VerifierAbsent(claim);
      expect(await market.contracts.audits.queryFilter(absent)).to.have.length(0);
    });
  }

  it("does not pay twice for an answer that was lost on its way", async () => {
    const session = await user.client.open(orderFor(market));
    const { context } = user.keeper;
    const lossy: HttpClient = {
      ...context.http,
      request: async (url, request) => {
        await context.http.request(url, request);
        throw new RetryableError("test/lost", "the answer was lost");
      },
    };
    const unlucky = await createComputeClient({ ...context, http: lossy }).resume(session.id);
    await expect(unlucky.infer([digitsBatch(0, 10)])).to.be.rejectedWith("lost");
    expect((await session.progress()).receipts).to.equal(0n);
    const again = await createComputeClient(context).resume(session.id);
    const { receipt } = await again.infer([digitsBatch(0, 10)]);
    expect(receipt.receipt.index).to.equal(0n);
    expect((await again.progress()).units).to.equal(10n);
    await again.finish();
    await expectPaid(again, 10n);
  });

  it("finishes a lost request first when another one follows", async () => {
    const session = await user.client.open(orderFor(market));
    const { context } = user.keeper;
    const dead: HttpClient = {
      ...context.http,
      request: async () => {
        throw new RetryableError("test/dead", "nobody answers");
      },
    };
    const unlucky = await createComputeClient({ ...context, http: dead }).resume(session.id);
    await expect(unlucky.infer([digitsBatch(0, 10)])).to.be.rejectedWith("nobody");
    const again = await createComputeClient(context).resume(session.id);
    const { receipt } = await again.infer([digitsBatch(10, 5)]);
    expect(receipt.receipt.index).to.equal(1n);
    await again.finish();
    await expectPaid(again, 15n);
  });
});

describe("a provider process killed with SIGKILL", function () {
  this.timeout(180_000);
  const keepers: TestKeeper[] = [];
  let market: Market;
  let setup: KeeperSetup;
  let child: ChildProcess;

  function start(): ChildProcess {
    const file = fileURLToPath(new URL("../../../examples/digits/digits.onnx", import.meta.url));
    const all = { ...setup, model: market.model, file, unitPrice: String(UNIT_PRICE), bond: String(BOND) };
    const script = fileURLToPath(new URL("./providerProcess.ts", import.meta.url));
    const command = ["--import", "tsx", script, JSON.stringify(all)];
    return spawn(process.execPath, command, { stdio: ["ignore", "inherit", "inherit"] });
  }

  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  before(async () => {
    market = await startMarket();
    setup = await setupFor("provider", await market.account(), market);
    child = start();
    keepers.push(...(await startVerifiersIn(market)));
    await ready(`http://127.0.0.1:${setup.port}`);
  });

  after(async () => {
    await kill();
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await market.stop();
  });

  it("answers, claims and is paid as if nothing had been", async () => {
    const { client, keeper } = await startUserIn(market, "user");
    keepers.push(keeper);
    const session = await client.open(orderFor(market));
    await session.infer([digitsBatch(0, 10)]);
    await kill();
    child = start();
    await ready(`http://127.0.0.1:${setup.port}`);
    await session.infer([digitsBatch(10, 10)]);
    await session.finish();
    await untilStage(market, session, STAGE.drawing);
    await kill();
    child = start();
    await untilStage(market, session, STAGE.committing);
    await kill();
    child = start();
    const settlement = await session.settled({ pollMs: 50, timeoutMs: 60_000 });
    const owed = session.terms.unitPrice * 20n;
    expect(settlement).to.deep.include({ paid: owed, refunded: BUDGET - owed });
  });
});
