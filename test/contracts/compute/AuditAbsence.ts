import { expect } from "chai";
import { id } from "ethers";
import { claimed, past } from "./conversation.ts";
import {
  audited,
  commitAs,
  committeeOf,
  openDrawn,
  opened,
  revealAs,
  truth,
  unsealDrawn,
} from "./courtroom.ts";
import { ClaimState, deployMarket, MYC, networkHelpers, Stage, setParameter, Verdict } from "./market.ts";

import { atStake, expire, inCommitting, inDrawing, inRevealing, PENALTY } from "./stages.ts";

const { loadFixture } = networkHelpers;

describe("Audits: absence", () => {
  describe("absence", () => {
    it("of one verifier costs it, and two are enough (AUDIT-8)", async () => {
      const { market, claim, seats, right } = await inRevealing([0, 2]);
      const { audits, bonds, token, treasury } = market;
      expect(await atStake(market, seats[1]!)).to.equal(50n * MYC - PENALTY);
      for (const i of [0, 2]) expect(await bonds.owed(seats[i]!.address)).to.equal(PENALTY / 4n);
      expect(await token.balanceOf(treasury)).to.equal(PENALTY / 2n);
      await expect(
        market.audits.connect(seats[1]!).reveal(claim, right, id("x")),
      ).to.be.revertedWithCustomError(audits, "Audits_WrongReveal");
      for (const i of [0, 2]) await revealAs(market, claim, seats[i]!, right);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
    });

    it("of two before the answers are known draws a new committee for the same receipts (AUDIT-8)", async () => {
      const { market, claim, exchanges, seats, right } = await inCommitting();
      const { audits, bonds } = market;
      const before = await audits.get(claim);
      await commitAs(market, claim, seats[1]!, right);
      await past(before.deadline);
      await expect(audits.conclude(claim)).to.emit(audits, "AuditDrawn").and.to.emit(audits, "AuditOpened");
      const after = await audits.get(claim);
      expect(after.stage).to.equal(Stage.Committing);
      expect(after.round).to.equal(1n);
      expect([...after.indices]).to.deep.equal([...before.indices]);
      for (const i of [0, 2]) expect(await atStake(market, seats[i]!)).to.equal(50n * MYC - PENALTY);
      expect(await bonds.owed(seats[1]!.address)).to.equal(PENALTY);
      const fresh = await committeeOf(market, claim);
      for (const seat of fresh) await commitAs(market, claim, seat, right);
      await unsealDrawn(market, claim, exchanges);
      for (const seat of fresh) await revealAs(market, claim, seat, right);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
    });

    it("of two after the answers are known draws receipts anew (AUDIT-8)", async () => {
      const { market, claim, exchanges, seats, right } = await inRevealing();
      const { audits } = market;
      const before = await audits.get(claim);
      await revealAs(market, claim, seats[0]!, right);
      await expire(market, claim);
      const after = await audits.get(claim);
      expect(after.stage).to.equal(Stage.Opening);
      expect([...after.indices]).to.not.deep.equal([...before.indices]);
      expect([after.requestDigests.length, after.responseDigests.length]).to.deep.equal([0, 0]);
      await openDrawn(market, claim, exchanges);
      const again = await truth(market, claim, exchanges);
      const fresh = await committeeOf(market, claim);
      for (const seat of fresh) await commitAs(market, claim, seat, again);
      await unsealDrawn(market, claim, exchanges);
      for (const seat of fresh) await revealAs(market, claim, seat, again);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
    });

    it("of all, three times, frees the claim unaudited, each absence paid for (AUDIT-8)", async () => {
      const { market, claim, exchanges } = await inDrawing();
      const { audits, sessions, token, treasury } = market;
      await opened(market, claim, exchanges);
      for (let round = 0; round < 3; round++) await expire(market, claim);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Inconclusive);
      expect((await sessions.claimOf(claim)).state).to.equal(ClaimState.Free);
      expect(await token.balanceOf(treasury)).to.equal(9n * PENALTY);
      await past((await sessions.claimOf(claim)).freeAt);
      const settling = sessions.settle(claim);
      await expect(settling).to.emit(sessions, "ClaimSettled");
      const [settled] = await sessions.queryFilter(sessions.filters.ClaimSettled(), "latest");
      expect(settled!.args.toVerifiers).to.equal(0n);
      await expect(audits.conclude(claim)).to.be.revertedWithCustomError(audits, "Audits_WrongStage");
    });

    it("leaves a scattered committee undecided (AUDIT-6)", async () => {
      const { market, claim, exchanges } = await inDrawing();
      await audited(market, claim, exchanges, (right, seat) =>
        seat === 0 ? right : right.map((_, i) => id(`${seat} ${i}`)),
      );
      const audit = await market.audits.get(claim);
      expect(audit.stage).to.equal(Stage.Opening);
      expect(audit.round).to.equal(1n);
    });

    it("is free where the penalty is nothing", async () => {
      const market = await loadFixture(deployMarket);
      await setParameter(market, "audits.absencePenalty", 0n);
      const { claim, exchanges } = await claimed(market);
      await opened(market, claim, exchanges);
      const seats = await committeeOf(market, claim);
      await expire(market, claim);
      for (const seat of seats) expect(await atStake(market, seat)).to.equal(50n * MYC);
    });
  });
});
