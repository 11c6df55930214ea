import { expect } from "chai";
import { claimed } from "./conversation.ts";
import { audited, begun, fulfil, openDrawn } from "./courtroom.ts";
import {
  bond,
  ClaimState,
  DAY,
  deployMarket,
  MYC,
  networkHelpers,
  PARAMETERS,
  Stage,
  setParameter,
  UNBOND_DELAY,
  Verdict,
} from "./market.ts";

import { inDrawing } from "./stages.ts";

const { loadFixture, time } = networkHelpers;

describe("Audits: the draw", () => {
  describe("drawing", () => {
    it("fixes its terms when the claim is posted (AUDIT-1)", async () => {
      const { market, exchanges } = await inDrawing();
      const { audits, stranger } = market;
      const audit = await audits.get(1n);
      expect(audit.stage).to.equal(Stage.Drawing);
      expect(audit.operator).to.equal(market.provider.address);
      expect(audit.modelId).to.equal(market.modelId);
      expect([...audit.committee, ...audit.indices]).to.deep.equal([]);
      await setParameter(market, "audits.reward", 1n);
      await setParameter(market, "audits.maxSample", 1n);
      await begun(market, 1n);
      expect((await audits.get(1n)).indices.length).to.equal(2);
      await openDrawn(market, 1n, exchanges);
      expect((await audits.rewardsOf(1n)).rewardEach).to.equal(2n * PARAMETERS["audits.reward"]);
      await expect(audits.connect(stranger).prepare(9n, 1n, stranger.address, stranger.address))
        .to.be.revertedWithCustomError(audits, "Audits_OnlySessions")
        .withArgs(stranger.address);
    });

    it("begins with the seed and not before (AUDIT-1)", async () => {
      const { market, claim, exchanges } = await inDrawing();
      const { audits } = market;
      await expect(audits.begin(claim))
        .to.be.revertedWithCustomError(audits, "Audits_DrawNotFulfilled")
        .withArgs(claim);
      await expect(audits.begin(99n))
        .to.be.revertedWithCustomError(audits, "Audits_UnknownAudit")
        .withArgs(99n);
      await fulfil(market, claim);
      await expect(openDrawn(market, claim, exchanges)).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongStage",
      );
      await expect(audits.connect(market.stranger).begin(claim)).to.emit(audits, "AuditDrawn");
      await expect(audits.begin(claim))
        .to.be.revertedWithCustomError(audits, "Audits_WrongStage")
        .withArgs(claim, Stage.Opening, Stage.Drawing);
    });

    it("draws a share of the receipts, between one and the most (AUDIT-2)", async () => {
      const { audits } = await loadFixture(deployMarket);
      const sizes: [bigint, bigint][] = [
        [0n, 0n],
        [1n, 1n],
        [10n, 1n],
        [11n, 2n],
        [79n, 8n],
        [80n, 8n],
        [2n ** 63n, 8n],
      ];
      for (const [receipts, size] of sizes) {
        expect(await audits.sampleSize(receipts)).to.equal(size);
        expect(await audits.cost(receipts)).to.equal(3n * size * PARAMETERS["audits.reward"]);
      }
    });

    it("never draws more than there are, or than 64 (AUDIT-2)", async () => {
      const market = await loadFixture(deployMarket);
      await setParameter(market, "audits.sampleBps", 10_000n);
      await setParameter(market, "audits.maxSample", 1_000n);
      expect(await market.audits.sampleSize(5n)).to.equal(5n);
      expect(await market.audits.sampleSize(500n)).to.equal(64n);
    });

    it("seats three verifiers of the roster at the claim, and neither party (AUDIT-3)", async () => {
      const market = await loadFixture(deployMarket);
      const { audits, verifiers, provider, user, crowd } = market;
      for (const account of [provider, user]) {
        await bond(market, account, audits, 50n * MYC);
        await audits.connect(account).enlist(account.address);
      }
      for (const verifier of verifiers.slice(3)) await audits.connect(verifier).resign();
      const { claim } = await claimed(market);
      // Too late for this claim: one comes, one goes.
      await bond(market, crowd[6]!, audits, 50n * MYC);
      await audits.connect(crowd[6]!).enlist(crowd[6]!.address);
      await audits.connect(verifiers[0]!).resign();
      await begun(market, claim);
      const { committee } = await audits.get(claim);
      expect([...committee]).to.have.members(verifiers.slice(0, 3).map(({ address }) => address));
    });

    it("passes over who can't pay for an absence, and goes on with two (AUDIT-3)", async () => {
      const market = await loadFixture(deployMarket);
      const { audits, bonds, verifiers } = market;
      for (const verifier of verifiers.slice(3)) await audits.connect(verifier).resign();
      await bonds.connect(verifiers[0]!).unbond(audits, 50n * MYC);
      await time.increase(UNBOND_DELAY);
      await bonds.release(verifiers[0]!.address, audits);
      const { claim, exchanges } = await claimed(market);
      const seats = await audited(market, claim, exchanges);
      expect(seats.map(({ address }) => address)).to.have.members(
        verifiers.slice(1, 3).map(({ address }) => address),
      );
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
    });

    it("is inconclusive when nobody fit is left to judge (AUDIT-8)", async () => {
      const market = await loadFixture(deployMarket);
      const { audits, bonds, verifiers, sessions } = market;
      for (const verifier of verifiers.slice(1)) await bonds.connect(verifier).unbond(audits, 50n * MYC);
      await time.increase(UNBOND_DELAY);
      for (const verifier of verifiers.slice(1)) await bonds.release(verifier.address, audits);
      const { claim } = await claimed(market);
      await begun(market, claim);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Inconclusive);
      expect((await sessions.claimOf(claim)).state).to.equal(ClaimState.Free);
      expect((await audits.rewardsOf(claim)).verifiers.length).to.equal(0);
    });
  });

  it("never lets a window outlast the bonds (AUDIT-9)", async () => {
    const market = await loadFixture(deployMarket);
    await setParameter(market, "audits.openWindow", 365n * DAY);
    const { claim } = await claimed(market);
    await begun(market, claim);
    const { deadline } = await market.audits.get(claim);
    expect(deadline).to.equal(BigInt(await time.latest()) + UNBOND_DELAY / 16n);
  });
});
