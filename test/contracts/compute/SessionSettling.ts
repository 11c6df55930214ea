import { expect } from "chai";
import { gasSnapshot } from "../gasSnapshot.ts";
import { claimed, past, postClaim, voucherOver } from "./conversation.ts";
import { audited, begun } from "./courtroom.ts";
import {
  ClaimState,
  deployMarket,
  MYC,
  networkHelpers,
  SessionState,
  setParameter,
  Verdict,
} from "./market.ts";

import { openWithVoucher, post } from "./vouchers.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Sessions");

describe("Sessions: settling", () => {
  describe("settling", () => {
    it("waits for verdict and dispute window (SESS-2)", async () => {
      const market = await loadFixture(deployMarket);
      const { claim, exchanges } = await claimed(market);
      const { claimedAt } = await market.sessions.claimOf(claim);
      await expect(market.sessions.settle(claim))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_ClaimNotFree")
        .withArgs(claim, ClaimState.Auditing, claimedAt + 1_800n);
      await audited(market, claim, exchanges);
      await expect(market.sessions.settle(claim)).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_ClaimNotFree",
      );
      await time.setNextBlockTimestamp(claimedAt + 1_800n);
      await gas.record("settle", market.sessions.connect(market.stranger).settle(claim));
      await expect(market.sessions.settle(claim))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_ClaimNotFree")
        .withArgs(claim, ClaimState.Settled, claimedAt + 1_800n);
      await expect(market.sessions.settle(77n)).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_UnknownClaim",
      );
    });

    it("is free at the verdict when that comes after the window (SESS-2)", async () => {
      const market = await loadFixture(deployMarket);
      const { claim, exchanges } = await claimed(market);
      await time.increase(3_000);
      await audited(market, claim, exchanges);
      expect((await market.sessions.claimOf(claim)).freeAt).to.equal(await time.latest());
    });

    it("pays by the fee of the session, not of the day (SESS-2)", async () => {
      const { market, exchanges } = await openWithVoucher();
      await setParameter(market, "sessions.feeBps", 1_000n);
      const claim = await postClaim(market, exchanges);
      const { amount } = await market.sessions.claimOf(claim);
      await audited(market, claim, exchanges);
      await past((await market.sessions.claimOf(claim)).freeAt);
      await market.sessions.settle(claim);
      expect(await market.token.balanceOf(market.treasury)).to.equal(amount / 100n);
    });

    it("takes a second claim over what came after the first (SESS-3)", async () => {
      const { market, session, exchanges } = await openWithVoucher(30);
      const first = await postClaim(market, exchanges.slice(0, 12));
      await audited(market, first, exchanges.slice(0, 12));
      const second = await postClaim(market, exchanges);
      const claim = await market.sessions.claimOf(second);
      expect(claim.firstReceipt).to.equal(12n);
      expect(claim.receipts).to.equal(30n);
      expect(claim.amount).to.equal(18n * exchanges[0]!.receipt.price);
      await audited(market, second, exchanges);
      const { indices } = await market.audits.get(second);
      for (const index of indices) expect(Number(index)).to.be.within(12, 29);
      await past((await market.sessions.claimOf(second)).freeAt);
      for (const each of [second, first]) await market.sessions.settle(each);
      await market.sessions.connect(market.provider).close(session);
      expect(await market.ledger.lockedOf(market.sessions, market.user.address)).to.equal(0n);
    });
  });

  describe("void claims", () => {
    it("go back to the user when nobody fulfils the draw, tip included (SESS-11)", async () => {
      const market = await loadFixture(deployMarket);
      const { sessions, audits, ledger, beacon, user, provider, stranger, bonds, services } = market;
      const { session, claim } = await claimed(market);
      const { amount, tip } = await sessions.claimOf(claim);
      await expect(audits.conclude(claim)).to.be.revertedWithCustomError(audits, "Audits_DrawNotFulfilled");
      await expect(sessions.returnTip(claim))
        .to.be.revertedWithCustomError(sessions, "Sessions_TipNotReturnable")
        .withArgs(claim, tip);
      await networkHelpers.mine(300);
      await expect(audits.begin(claim)).to.be.revertedWithCustomError(audits, "Audits_DrawNotFulfilled");
      await expect(audits.connect(stranger).conclude(claim))
        .to.emit(sessions, "ClaimVoided")
        .withArgs(claim, amount - tip)
        .and.to.emit(sessions, "SessionClosed")
        .withArgs(session, 100n * MYC - amount);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Expired);
      expect(await ledger.balanceOf(user.address)).to.equal(1_000n * MYC - tip);
      // Somebody else records the loss first: the tip is still the user's.
      await beacon.connect(stranger).expire((await sessions.claimOf(claim)).draw);
      await expect(sessions.connect(stranger).returnTip(claim))
        .to.emit(sessions, "TipReturned")
        .withArgs(claim, user.address, tip);
      expect(await ledger.balanceOf(user.address)).to.equal(1_000n * MYC);
      await expect(sessions.returnTip(claim)).to.be.revertedWithCustomError(
        sessions,
        "Sessions_TipNotReturnable",
      );
      expect(await services.reservedOf(provider.address)).to.equal(0n);
      expect(await bonds.allocated(provider.address, services)).to.equal(2_000n * MYC);
    });

    it("return every tip when several draws are lost (SESS-11)", async () => {
      const market = await loadFixture(deployMarket);
      const claims = [(await claimed(market)).claim, (await claimed(market)).claim];
      await networkHelpers.mine(300);
      for (const claim of claims) {
        await market.audits.conclude(claim);
        await market.beacon.expire((await market.sessions.claimOf(claim)).draw);
      }
      for (const claim of claims) await market.sessions.returnTip(claim);
      expect(await market.ledger.balanceOf(market.user.address)).to.equal(1_000n * MYC);
      expect(await market.token.balanceOf(market.sessions)).to.equal(0n);
    });

    it("leave an earlier free claim its money (SESS-11)", async () => {
      const { market, exchanges } = await openWithVoucher(30);
      const { sessions, audits, ledger, user, provider } = market;
      const first = await postClaim(market, exchanges.slice(0, 12));
      await audited(market, first, exchanges.slice(0, 12));
      const second = await postClaim(market, exchanges);
      await begun(market, second);
      await past((await audits.get(second)).deadline);
      await audits.conclude(second);
      const { amount, tip } = await sessions.claimOf(first);
      expect(await ledger.lockedOf(sessions, user.address)).to.equal(amount - tip);
      await past((await sessions.claimOf(first)).freeAt);
      await sessions.settle(first);
      expect(await ledger.lockedOf(sessions, user.address)).to.equal(0n);
      expect((await ledger.balanceOf(provider.address)) > 0n).to.equal(true);
    });

    it("take no further voucher (SESS-11)", async () => {
      const { market, session, exchanges } = await openWithVoucher(30);
      const claim = await postClaim(market, exchanges.slice(0, 12));
      await begun(market, claim);
      await past((await market.audits.get(claim)).deadline);
      await market.audits.conclude(claim);
      await expect(post(market, await voucherOver(market, exchanges)))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_WrongState")
        .withArgs(session, SessionState.Closed);
    });
  });

  it("lets only Audits free and void (SESS-12)", async () => {
    const market = await loadFixture(deployMarket);
    const { claim } = await claimed(market);
    for (const attempt of [
      market.sessions.connect(market.provider).free(claim),
      market.sessions.connect(market.user).void(claim),
    ]) {
      await expect(attempt).to.be.revertedWithCustomError(market.sessions, "Sessions_OnlyAudits");
    }
  });
});
