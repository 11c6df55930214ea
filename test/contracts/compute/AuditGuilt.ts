import { expect } from "chai";
import { exchangesOf, openSession, postClaim } from "./conversation.ts";
import { audited, begun } from "./courtroom.ts";
import { ClaimState, deployMarket, MYC, networkHelpers, setParameter, Verdict } from "./market.ts";

import { atStake, expire, inDrawing, PENALTY, wrong } from "./stages.ts";

const { loadFixture } = networkHelpers;

describe("Audits: guilt", () => {
  describe("guilt", () => {
    it("needs two seats with the same other answer (AUDIT-6)", async () => {
      const { market, claim, exchanges, session } = await inDrawing();
      const { audits, bonds, sessions, services, ledger, token, treasury, user, provider } = market;
      const { amount, tip } = await sessions.claimOf(claim);
      const seats = await audited(market, claim, exchanges, (right, seat) =>
        seat === 2 ? right : wrong(right, 1),
      );
      const cut = 1_000n * MYC;
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Guilty);
      const [concluded] = await audits.queryFilter(audits.filters.AuditConcluded(), "latest");
      expect(concluded!.args.slashed).to.equal(cut);

      expect(await bonds.slashable(provider.address, services)).to.equal(1_000n * MYC);
      expect(await bonds.owed(user.address)).to.equal(amount);
      expect(await bonds.owed(seats[0]!.address)).to.equal(100n * MYC);
      expect(await bonds.owed(seats[1]!.address)).to.equal(100n * MYC);
      expect(await bonds.owed(seats[2]!.address)).to.equal(0n);
      expect(await atStake(market, seats[2]!)).to.equal(50n * MYC - PENALTY);
      expect(await token.balanceOf(treasury)).to.equal(cut - amount - 200n * MYC + PENALTY);

      const { state } = await sessions.claimOf(claim);
      expect(state).to.equal(ClaimState.Void);
      expect((await sessions.get(session)).amount).to.equal(0n);
      expect(await ledger.balanceOf(user.address)).to.equal(1_000n * MYC - tip);
      expect(await ledger.balanceOf(provider.address)).to.equal(0n);
      await expect(sessions.settle(claim)).to.be.revertedWithCustomError(sessions, "Sessions_ClaimNotFree");
    });

    it("is withholding from two seats, which earns them nothing (AUDIT-6)", async () => {
      const { market, claim, exchanges } = await inDrawing();
      const withheld = await market.audits.WITHHELD();
      const seats = await audited(market, claim, exchanges, (right, seat) =>
        seat === 0 ? right : [withheld, right[1]!],
      );
      expect((await market.audits.get(claim)).verdict).to.equal(Verdict.Guilty);
      for (const seat of seats) expect(await market.bonds.owed(seat.address)).to.equal(0n);
    });

    it("is not one seat's word, which costs that seat (AUDIT-6)", async () => {
      const { market, claim, exchanges } = await inDrawing();
      const { audits, token, treasury } = market;
      const seats = await audited(market, claim, exchanges, (right, seat) =>
        seat === 1 ? wrong(right) : right,
      );
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
      const { verifiers } = await audits.rewardsOf(claim);
      expect([...verifiers]).to.deep.equal([seats[0]!.address, seats[2]!.address]);
      expect(await atStake(market, seats[1]!)).to.equal(50n * MYC - PENALTY);
      // Nobody but the treasury gains by a lone dissent.
      expect(await token.balanceOf(treasury)).to.equal(PENALTY);
    });

    it("reaches a bond on its way out (AUDIT-7)", async () => {
      const { market, claim } = await inDrawing();
      await market.bonds.connect(market.provider).unbond(market.services, 2_000n * MYC);
      await begun(market, claim);
      await expire(market, claim);
      expect(await market.bonds.slashable(market.provider.address, market.services)).to.equal(1_000n * MYC);
    });

    it("costs twice the claim where the share is less (AUDIT-7)", async () => {
      const { market, claim } = await inDrawing();
      const { amount } = await market.sessions.claimOf(claim);
      await setParameter(market, "audits.slashBps", 1n);
      await begun(market, claim);
      await expire(market, claim);
      const { bonds, provider, services, user } = market;
      expect(await bonds.slashable(provider.address, services)).to.equal(2_000n * MYC - 2n * amount);
      expect(await bonds.owed(user.address)).to.equal(amount);
    });

    it("never pays an operator's accomplice more than half of the cut (AUDIT-7)", async () => {
      const market = await loadFixture(deployMarket);
      const { bonds, provider, services, user } = market;
      // The operator plays its own user and claims all that its bond admits.
      const session = await openSession(market, { budget: 1_000n * MYC });
      const exchanges = exchangesOf(market, session, 5, { price: 200n * MYC });
      const claim = await postClaim(market, exchanges);
      await begun(market, claim);
      await expire(market, claim);
      expect(await bonds.slashable(provider.address, services)).to.equal(0n);
      expect(await bonds.owed(user.address)).to.equal(1_000n * MYC);
    });

    it("takes what is there when the bond is small (AUDIT-7)", async () => {
      const market = await loadFixture(deployMarket);
      const { bonds, provider, services, user } = market;
      const claims = [];
      for (let i = 0; i < 2; i++) {
        const session = await openSession(market, { budget: 500n * MYC });
        claims.push(await postClaim(market, exchangesOf(market, session, 5, { price: 100n * MYC })));
      }
      for (const claim of claims) await begun(market, claim);
      for (const claim of claims) await expire(market, claim);
      expect(await bonds.slashable(provider.address, services)).to.equal(0n);
      expect(await bonds.owed(user.address)).to.equal(1_000n * MYC);
      const third = await openSession(market, { budget: 1n }).catch((error: Error) => error.message);
      expect(third).to.contain("Services_NoMatch");
    });
  });
});
