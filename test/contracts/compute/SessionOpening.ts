import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { openSession, orderOf, past, postClaim } from "./conversation.ts";
import { audited } from "./courtroom.ts";
import { DAY, deployMarket, MYC, networkHelpers, PARAMETERS, SessionState, Tier } from "./market.ts";

import { openWithVoucher } from "./vouchers.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Sessions");
const WINDOW = PARAMETERS["sessions.claimWindow"];

describe("Sessions: opening", () => {
  describe("opening", () => {
    it("fixes the terms and locks the budget (SESS-1)", async () => {
      const market = await loadFixture(deployMarket);
      const { sessions, ledger, services, user, provider } = market;
      const opening = sessions.connect(user).open(orderOf(market));
      await gas.record("open", opening);
      const now = BigInt(await time.latest());
      await expect(opening)
        .to.emit(sessions, "SessionOpened")
        .withArgs(
          1n,
          user.address,
          provider.address,
          1n,
          market.modelId,
          market.unitPrice,
          100n * MYC,
          now + 3_600n,
          user.address,
          now + 3_600n + WINDOW,
          100n,
        );
      expect(await ledger.balanceOf(user.address)).to.equal(900n * MYC);
      expect(await ledger.lockedOf(sessions, user.address)).to.equal(100n * MYC);
      const session = await sessions.get(1n);
      expect(session.receiptSigner).to.equal(market.receiptSigner.address);
      expect(session.state).to.equal(SessionState.Open);
      await services.connect(provider).reprice(1n, 0);
      expect((await sessions.get(1n)).unitPrice).to.equal(market.unitPrice);
    });

    it("refuses orders outside the rules", async () => {
      const market = await loadFixture(deployMarket);
      const { sessions, user, stranger } = market;
      await expect(openSession(market, { duration: 59 }))
        .to.be.revertedWithCustomError(sessions, "Sessions_InvalidDuration")
        .withArgs(59n, 60n, 30n * DAY);
      await expect(openSession(market, { duration: 30n * DAY + 1n })).to.be.revertedWithCustomError(
        sessions,
        "Sessions_InvalidDuration",
      );
      await expect(openSession(market, { budget: 0n })).to.be.revertedWithCustomError(
        sessions,
        "Sessions_ZeroBudget",
      );
      for (const tier of [Tier.Tolerance, Tier.Text]) {
        await expect(openSession(market, { tier }))
          .to.be.revertedWithCustomError(sessions, "Sessions_TierNotAudited")
          .withArgs(tier);
      }
      await expect(sessions.connect(stranger).open(orderOf(market))).to.be.revertedWithCustomError(
        market.ledger,
        "Ledger_NotAuthorised",
      );
      await market.ledger.connect(user).withdraw(950n * MYC, user.address);
      await expect(openSession(market)).to.be.revertedWithCustomError(
        market.ledger,
        "Ledger_InsufficientBalance",
      );
    });

    it("stops when new business is stopped, while all else goes on (SESS-9)", async () => {
      const { market, session, exchanges } = await openWithVoucher();
      await market.modules.stop(encodeBytes32String("Sessions"), 1n);
      await expect(openSession(market)).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_NewBusinessStopped",
      );
      const claim = await postClaim(market, exchanges);
      await audited(market, claim, exchanges);
      await past((await market.sessions.claimOf(claim)).freeAt);
      await market.sessions.settle(claim);
      await market.sessions.connect(market.provider).close(session);
    });
  });
});
