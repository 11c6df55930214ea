import { expect } from "chai";
import { encodeBytes32String, id } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { openSession } from "./conversation.ts";
import { bond, deployMarket, ethers, MYC, networkHelpers, setParameter, Tier } from "./market.ts";

import { offer } from "./rivals.ts";

const { loadFixture } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Services");

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

    it("takes http and https endpoints of printable ASCII, up to 200 bytes", async () => {
      const market = await loadFixture(deployMarket);
      const { services, provider } = market;
      const set = (endpoint: string) => services.connect(provider).setEndpoint(1n, endpoint);
      for (const good of ["http://a", "https://a", `http://${"a".repeat(193)}`]) {
        await expect(set(good)).to.emit(services, "ServiceEndpointChanged").withArgs(1n, good);
      }
      const bad = ["", "http://", "https://", "ftp://a", "HTTP://a", "javascript:alert(1)", "http:/a"];
      for (const endpoint of [...bad, `http://${"a".repeat(194)}`, "http://a b", "http://a\n", "http://ä"]) {
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
      await openSession(market, { budget: MYC });
      await bonds.connect(provider).unbond(services, 1n);
      expect(await services.freeCapacity(provider.address), "nothing more is admitted").to.equal(0n);
      await expect(openSession(market)).to.be.revertedWithCustomError(services, "Services_NoMatch");
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
