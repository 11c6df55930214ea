import { expect } from "chai";
import { gasSnapshot } from "../gasSnapshot.ts";
import { claimed, openSession, past, postClaim } from "./conversation.ts";
import { audited } from "./courtroom.ts";
import { deployMarket, MYC, networkHelpers, PARAMETERS, SessionState } from "./market.ts";

import { openWithVoucher, post } from "./vouchers.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Sessions");
const WINDOW = PARAMETERS["sessions.claimWindow"];

describe("Sessions: closing", () => {
  describe("closing", () => {
    it("gives the operator a window after the user's call (SESS-8)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      const { sessions, user, stranger } = market;
      await expect(sessions.connect(stranger).close(session))
        .to.be.revertedWithCustomError(sessions, "Sessions_NotParty")
        .withArgs(session, stranger.address);
      await expect(sessions.connect(user).close(session)).to.emit(sessions, "SessionClosing");
      const { claimBefore, state } = await sessions.get(session);
      expect(state).to.equal(SessionState.Closing);
      expect(claimBefore).to.equal(BigInt(await time.latest()) + WINDOW);
      await expect(sessions.connect(user).close(session))
        .to.be.revertedWithCustomError(sessions, "Sessions_TooEarly")
        .withArgs(session, claimBefore);
      await post(market, voucher);
      expect((await sessions.claimOf(1n)).last).to.equal(true);
      await past(claimBefore);
      const closing = sessions.connect(stranger).close(session);
      await gas.record("close", closing);
      await expect(closing)
        .to.emit(sessions, "SessionClosed")
        .withArgs(session, 100n * MYC - voucher.amount);
      await expect(sessions.connect(user).close(session))
        .to.be.revertedWithCustomError(sessions, "Sessions_WrongState")
        .withArgs(session, SessionState.Closed);
    });

    it("can't be delayed beyond the expiry's own window (SESS-8)", async () => {
      const market = await loadFixture(deployMarket);
      const session = await openSession(market);
      const { claimBefore } = await market.sessions.get(session);
      await time.increaseTo(claimBefore - 10n);
      await market.sessions.connect(market.user).close(session);
      expect((await market.sessions.get(session)).claimBefore).to.equal(claimBefore);
    });

    it("is immediate for the operator, and for anyone once the window is over (SESS-8)", async () => {
      const market = await loadFixture(deployMarket);
      const { sessions, services, ledger, user, provider, stranger } = market;
      const first = await openSession(market);
      const second = await openSession(market);
      await expect(sessions.connect(provider).close(first))
        .to.emit(sessions, "SessionClosed")
        .withArgs(first, 100n * MYC);
      await past((await sessions.get(second)).claimBefore);
      await sessions.connect(stranger).close(second);
      expect(await ledger.balanceOf(user.address)).to.equal(1_000n * MYC);
      expect(await services.reservedOf(provider.address)).to.equal(0n);
    });

    it("keeps a pending claim's money and capacity until the verdict (SESS-8)", async () => {
      const market = await loadFixture(deployMarket);
      const { sessions, services, ledger, user, provider } = market;
      const { session, claim, exchanges } = await claimed(market);
      const { amount, tip } = await sessions.claimOf(claim);
      await sessions.connect(provider).close(session);
      expect(await ledger.lockedOf(sessions, user.address)).to.equal(amount - tip);
      expect(await services.reservedOf(provider.address)).to.equal(amount);
      await audited(market, claim, exchanges);
      expect(await services.reservedOf(provider.address)).to.equal(0n);
      await past((await sessions.claimOf(claim)).freeAt);
      await sessions.settle(claim);
      expect(await ledger.lockedOf(sessions, user.address)).to.equal(0n);
    });

    it("doesn't cut off an operator whose claim is under audit (SESS-10)", async () => {
      const { market, session, exchanges } = await openWithVoucher(30);
      const { sessions, user, stranger } = market;
      const first = await postClaim(market, exchanges.slice(0, 12));
      await sessions.connect(user).close(session);
      await past((await sessions.get(session)).claimBefore);
      await expect(sessions.connect(user).close(session))
        .to.be.revertedWithCustomError(sessions, "Sessions_ClaimPending")
        .withArgs(session, first);
      await audited(market, first, exchanges.slice(0, 12));
      const { claimBefore } = await sessions.get(session);
      expect(claimBefore).to.equal(BigInt(await time.latest()) + WINDOW);
      // The last claim prolongs nothing: the rest goes back when its window is over.
      const last = await postClaim(market, exchanges);
      expect((await sessions.claimOf(last)).last).to.equal(true);
      await past(claimBefore);
      await sessions.connect(stranger).close(session);
      await audited(market, last, exchanges);
      expect((await sessions.get(session)).claimBefore).to.equal(claimBefore);
    });
  });
});
