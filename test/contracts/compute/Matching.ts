import { expect } from "chai";
import { id } from "ethers";
import { openSession } from "./conversation.ts";
import { bond, deployMarket, MYC, networkHelpers, TICK, Tier } from "./market.ts";

import { another, crowd, matched } from "./rivals.ts";

const { loadFixture } = networkHelpers;

describe("Services: matching", () => {
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
});
