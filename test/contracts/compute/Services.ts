import { expect } from "chai";
import { encodeBytes32String, type HDNodeWallet, id, Wallet } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { openSession } from "./conversation.ts";
import {
  bond,
  deployMarket,
  ethers,
  type Market,
  MYC,
  networkHelpers,
  type Signer,
  setParameter,
  TICK,
  Tier,
} from "./market.ts";

const { loadFixture } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Services");

function offer(market: Market, change: Record<string, unknown> = {}) {
  return {
    modelId: market.modelId,
    tier: Tier.Exact,
    tick: TICK,
    signer: market.stranger.address,
    endpoint: "https://provider.example:8443/v1",
    ...change,
  };
}

/** Bonds and registers another operator; returns its service's id. */
async function another(
  market: Market,
  operator: Signer,
  tick: number,
  amount = 2_000n * MYC,
): Promise<bigint> {
  await bond(market, operator, market.services, amount);
  await market.services.connect(operator).register(offer(market, { tick }));
  return market.services.count();
}

/** Operator that a new session of 100 MYC is matched to. */
async function matched(market: Market, order: Record<string, unknown> = {}): Promise<bigint> {
  const session = await openSession(market, { maxUnitPrice: 2n ** 100n, ...order });
  return (await market.sessions.get(session)).service;
}

/** `count` operators without room for a session of 100 MYC. */
async function crowd(market: Market, count: number, tickOf: (i: number) => number): Promise<HDNodeWallet[]> {
  const full: HDNodeWallet[] = [];
  for (let i = 0; i < count; i++) {
    const wallet = Wallet.createRandom(ethers.provider) as HDNodeWallet;
    await networkHelpers.setBalance(wallet.address, MYC);
    await market.token.mint(wallet.address, 100n * MYC);
    await market.token.connect(wallet).approve(market.bonds, 100n * MYC);
    await another(market, wallet as unknown as Signer, tickOf(i), 100n * MYC);
    full.push(wallet);
  }
  return full;
}

describe("Services", () => {
  describe("offers", () => {
    it("registers and lists (SERV-3)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, rival } = market;
      await bond(market, rival, services, 100n * MYC);
      const registering = services.connect(rival).register(offer(market));
      await expect(registering).to.emit(services, "ServiceRegistered");
      await expect(registering).to.emit(services, "ServiceListed").withArgs(2n);
      await gas.record("register", registering);
      const service = await services.get(2n);
      expect(service.operator).to.equal(rival.address);
      expect(service.signer).to.equal(market.stranger.address);
      expect(service.endpoint).to.equal("https://provider.example:8443/v1");
      expect(service.listed).to.equal(true);
    });

    it("refuses an offer that can't be kept (SERV-3)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, rival, modules } = market;
      const attempt = (change: Record<string, unknown>) =>
        services.connect(rival).register(offer(market, change));
      await expect(attempt({}))
        .to.be.revertedWithCustomError(services, "Services_InsufficientBond")
        .withArgs(rival.address, 0n, 100n * MYC);
      await bond(market, rival, services, 100n * MYC);
      await expect(attempt({ tick: 8192 }))
        .to.be.revertedWithCustomError(services, "Services_TickTooHigh")
        .withArgs(8192n, 8191n);
      await expect(attempt({ signer: ethers.ZeroAddress })).to.be.revertedWithCustomError(
        services,
        "Services_InvalidSigner",
      );
      await expect(attempt({ modelId: id("unknown") }))
        .to.be.revertedWithCustomError(services, "Services_ModelNotOffered")
        .withArgs(id("unknown"), Tier.Exact);
      await modules.stop(encodeBytes32String("Services"), 1n);
      await expect(attempt({})).to.be.revertedWithCustomError(services, "Services_NewBusinessStopped");
    });

    it("takes http and https endpoints of printable ASCII, up to 256 bytes", async () => {
      const market = await loadFixture(deployMarket);
      const { services, provider } = market;
      const set = (endpoint: string) => services.connect(provider).setEndpoint(1n, endpoint);
      for (const good of ["http://a", "https://a", `http://${"a".repeat(249)}`]) {
        await expect(set(good)).to.emit(services, "ServiceEndpointChanged").withArgs(1n, good);
      }
      const bad = ["", "http://", "https://", "ftp://a", "HTTP://a", "javascript:alert(1)", "http:/a"];
      for (const endpoint of [...bad, `http://${"a".repeat(250)}`, "http://a b", "http://a\n", "http://ä"]) {
        await expect(set(endpoint))
          .to.be.revertedWithCustomError(services, "Services_InvalidEndpoint")
          .withArgs(endpoint);
      }
    });

    it("lets only the operator change a service", async () => {
      const market = await loadFixture(deployMarket);
      const { services, stranger } = market;
      const asStranger = services.connect(stranger);
      for (const attempt of [
        asStranger.reprice(1n, 1),
        asStranger.setEndpoint(1n, "http://a"),
        asStranger.delist(1n),
        asStranger.list(1n),
      ]) {
        await expect(attempt)
          .to.be.revertedWithCustomError(services, "Services_NotOperator")
          .withArgs(1n, stranger.address);
      }
      await expect(asStranger.reprice(9n, 1))
        .to.be.revertedWithCustomError(services, "Services_Unknown")
        .withArgs(9n);
      await expect(services.get(0n)).to.be.revertedWithCustomError(services, "Services_Unknown");
    });

    it("lists one service per operator, model and tier (SERV-4)", async () => {
      const market = await loadFixture(deployMarket);
      const services = market.services.connect(market.provider);
      await expect(services.register(offer(market)))
        .to.be.revertedWithCustomError(services, "Services_AlreadyOffered")
        .withArgs(1n);
      await services.register(offer(market, { tier: Tier.Text }));
      await expect(services.list(1n)).to.be.revertedWithCustomError(services, "Services_WrongListing");
      await services.delist(1n);
      await expect(services.delist(1n)).to.be.revertedWithCustomError(services, "Services_WrongListing");
      await services.register(offer(market));
      await expect(services.list(1n))
        .to.be.revertedWithCustomError(services, "Services_AlreadyOffered")
        .withArgs(3n);
    });

    it("lets anyone delist who no longer has the least bond (SERV-4)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, bonds, provider, stranger } = market;
      await bonds.connect(provider).unbond(services, 1_900n * MYC);
      await expect(services.connect(stranger).delist(1n)).to.be.revertedWithCustomError(
        services,
        "Services_NotOperator",
      );
      await bonds.connect(provider).unbond(services, 1n);
      await expect(services.connect(stranger).delist(1n)).to.emit(services, "ServiceDelisted").withArgs(1n);
      await expect(openSession(market)).to.be.revertedWithCustomError(services, "Services_NoMatch");
      await expect(services.connect(provider).list(1n)).to.be.revertedWithCustomError(
        services,
        "Services_InsufficientBond",
      );
    });
  });

  describe("prices", () => {
    it("are 1.01^tick rounded down, within 2^-58 (SERV-1)", async () => {
      const { services } = await loadFixture(deployMarket);
      for (const tick of [0n, 1n, 69n, 70n, 463n, 464n, 700n, 2_000n, 3_500n, 5_000n, 8_190n, 8_191n]) {
        const exact = 101n ** tick / 100n ** tick;
        const price = await services.priceAt(tick);
        expect(price <= exact && exact - price <= (exact >> 58n) + 1n, `tick ${tick}`).to.equal(true);
      }
      await expect(services.priceAt(8_192)).to.be.revertedWithCustomError(services, "Services_TickTooHigh");
      await expect(services.tickAtOrBelow(0)).to.be.revertedWithCustomError(
        services,
        "Services_NoTickAtOrBelow",
      );
      expect(await services.tickAtOrBelow(1)).to.equal(69n);
      expect(await services.tickAtOrBelow(2n ** 256n - 1n)).to.equal(8_191n);
    });
  });

  describe("matching", () => {
    it("takes the cheapest service with room (SERV-5)", async () => {
      const market = await loadFixture(deployMarket);
      await another(market, market.rival, TICK - 1);
      expect(await matched(market)).to.equal(2n);
      await market.services.connect(market.rival).reprice(2n, TICK + 300);
      expect(await matched(market)).to.equal(1n);
      await market.services.connect(market.provider).delist(1n);
      expect(await matched(market)).to.equal(2n);
    });

    it("never goes over the ceiling, to the wei (SERV-5)", async () => {
      const market = await loadFixture(deployMarket);
      await expect(openSession(market, { maxUnitPrice: market.unitPrice - 1n }))
        .to.be.revertedWithCustomError(market.services, "Services_NoMatch")
        .withArgs(market.modelId, Tier.Exact, market.unitPrice - 1n, market.unitPrice);
      await expect(openSession(market, { modelId: id("unknown") }))
        .to.be.revertedWithCustomError(market.services, "Services_NoMatch")
        .withArgs(id("unknown"), Tier.Exact, market.unitPrice, 0n);
      await expect(openSession(market, { maxUnitPrice: 0n })).to.be.revertedWithCustomError(
        market.services,
        "Services_NoMatch",
      );
      expect(await matched(market, { maxUnitPrice: market.unitPrice })).to.equal(1n);
    });

    it("spreads sessions among equals (SERV-5)", async () => {
      const market = await loadFixture(deployMarket);
      await another(market, market.rival, TICK);
      await another(market, market.stranger, TICK);
      const hits = new Set<bigint>();
      for (let i = 0; i < 40; i++) hits.add(await matched(market, { budget: MYC }));
      expect([...hits].sort()).to.deep.equal([1n, 2n, 3n]);
    });

    it("admits no budget that the bond doesn't cover (SERV-6)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, ledger, user, provider } = market;
      expect(await services.freeCapacity(provider.address)).to.equal(1_000n * MYC);
      const opening = openSession(market, { budget: 1_000n * MYC });
      await opening;
      expect(await services.freeCapacity(provider.address)).to.equal(0n);
      expect(await services.reservedOf(provider.address)).to.equal(1_000n * MYC);
      await ledger.connect(user).deposit(user.address, MYC);
      await expect(openSession(market, { budget: 1n })).to.be.revertedWithCustomError(
        services,
        "Services_NoMatch",
      );
      await bond(market, provider, services, 2n);
      await openSession(market, { budget: 1n });
    });

    it("counts a bond that is leaving as gone (SERV-6)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, bonds, provider } = market;
      await openSession(market);
      await bonds.connect(provider).unbond(services, 1_801n * MYC);
      expect(await services.freeCapacity(provider.address)).to.equal(0n);
      await expect(services.requireCovered(provider.address))
        .to.be.revertedWithCustomError(services, "Services_InsufficientBond")
        .withArgs(provider.address, 199n * MYC, 200n * MYC);
      await bond(market, provider, services, MYC);
      await services.requireCovered(provider.address);
    });

    it("finds a service behind a long row of full ones at the cheap end (SERV-7)", async () => {
      const market = await loadFixture(deployMarket);
      // Twenty-four operators with room for 50 MYC each, one a tick, all far cheaper than the provider.
      await crowd(market, 24, (i) => TICK - 3_000 + i);
      // A look that lands among them is one in a hundred; three in a row don't.
      const found = await openSession(market)
        .catch(() => openSession(market))
        .catch(() => openSession(market));
      expect((await market.sessions.get(found)).service).to.equal(1n);
      expect(await matched(market, { budget: 50n * MYC })).to.equal(2n);
    });

    it("stops after sixteen looks, whatever stands in the book (SERV-7)", async () => {
      const market = await loadFixture(deployMarket);
      await market.services.connect(market.provider).delist(1n);
      // A search of all forty would run out of this gas.
      await crowd(market, 40, (i) => TICK - 1 - (i % 20));
      await expect(openSession(market, {}, { gasLimit: 400_000n })).to.be.revertedWithCustomError(
        market.services,
        "Services_NoMatch",
      );
    });
  });

  describe("authority", () => {
    it("is held by Sessions and Audits alone (SERV-8)", async () => {
      const market = await loadFixture(deployMarket);
      const { services, stranger, provider, modelId } = market;
      const asStranger = services.connect(stranger);
      for (const attempt of [
        asStranger.reserve(modelId, Tier.Exact, 1n, 1n, id("salt")),
        asStranger.release(1n, 1n),
      ]) {
        await expect(attempt)
          .to.be.revertedWithCustomError(services, "Services_OnlySessions")
          .withArgs(stranger.address);
      }
      await expect(asStranger.punish(provider.address, 1n, stranger.address, 1n, []))
        .to.be.revertedWithCustomError(services, "Services_OnlyAudits")
        .withArgs(stranger.address);
    });

    it("follows the parameters in force (SERV-6)", async () => {
      const market = await loadFixture(deployMarket);
      await setParameter(market, "services.bondRatio", 40_000n);
      expect(await market.services.freeCapacity(market.provider.address)).to.equal(500n * MYC);
    });
  });
});
