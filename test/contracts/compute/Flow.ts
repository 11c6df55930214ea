import { expect } from "chai";
import { claimed } from "./conversation.ts";
import { audited } from "./courtroom.ts";
import {
  ClaimState,
  deployMarket,
  MYC,
  networkHelpers,
  PARAMETERS,
  SessionState,
  Verdict,
} from "./market.ts";

const { loadFixture, time } = networkHelpers;

describe("A paid answer", () => {
  it("pays verifiers, treasury and provider to the wei and returns the rest (SESS-1, SESS-2)", async () => {
    const market = await loadFixture(deployMarket);
    const { sessions, ledger, audits, token, treasury, user, provider, services } = market;
    const { session, exchanges, claim } = await claimed(market);
    const seats = await audited(market, claim, exchanges);
    expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);

    const { amount, freeAt, tip } = await sessions.claimOf(claim);
    await time.increaseTo(freeAt);
    await sessions.settle(claim);

    const sample = 2n;
    const reward = PARAMETERS["audits.reward"] * sample;
    const fee = amount / 100n;
    for (const seat of seats) expect(await ledger.balanceOf(seat.address)).to.equal(reward);
    expect(await token.balanceOf(treasury)).to.equal(fee);
    const earned = amount - tip - fee - 3n * reward;
    expect(await ledger.balanceOf(provider.address)).to.equal(earned);
    expect((await sessions.claimOf(claim)).state).to.equal(ClaimState.Settled);

    await sessions.connect(provider).close(session);
    expect((await sessions.get(session)).state).to.equal(SessionState.Closed);
    expect(await ledger.balanceOf(user.address)).to.equal(1_000n * MYC - amount);
    expect(await ledger.lockedOf(sessions, user.address)).to.equal(0n);
    expect(await services.reservedOf(provider.address)).to.equal(0n);
    expect(await token.balanceOf(ledger)).to.equal(await ledger.totalHeld());
  });
});
