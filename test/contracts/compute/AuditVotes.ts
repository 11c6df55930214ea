import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { claimed, past } from "./conversation.ts";
import { commitAs, opened, revealAs, unsealDrawn } from "./courtroom.ts";
import { bond, deployMarket, MYC, networkHelpers, Verdict } from "./market.ts";

import { atStake, expire, inCommitting, inRevealing, PENALTY, wrong } from "./stages.ts";

const { loadFixture } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Audits");

describe("Audits: votes", () => {
  describe("committing and revealing", () => {
    it("ends honest when all agree (AUDIT-6)", async () => {
      const { market, claim, exchanges, seats, right } = await inCommitting();
      const { audits } = market;
      await gas.record("commit", commitAs(market, claim, seats[0]!, right));
      await commitAs(market, claim, seats[1]!, right);
      await expect(commitAs(market, claim, seats[2]!, right)).to.emit(audits, "CommitmentsClosed");
      await gas.record("unseal of 2", unsealDrawn(market, claim, exchanges));
      expect([...(await audits.get(claim)).responseDigests]).to.deep.equal(right);
      await gas.record("reveal", revealAs(market, claim, seats[0]!, right));
      await revealAs(market, claim, seats[1]!, right);
      const last = revealAs(market, claim, seats[2]!, right);
      await expect(last).to.emit(audits, "AuditConcluded").withArgs(claim, Verdict.Honest, 0n);
      await gas.record("last reveal", last);
      const { verifiers } = await audits.rewardsOf(claim);
      expect([...verifiers]).to.deep.equal(seats.map(({ address }) => address));
    });

    it("lets a signer act for its verifier (AUDIT-5)", async () => {
      const market = await loadFixture(deployMarket);
      const { audits, verifiers } = market;
      const hot = Wallet.createRandom(market.user.provider);
      await networkHelpers.setBalance(hot.address, MYC);
      for (const verifier of verifiers) await audits.connect(verifier).resign();
      await audits.connect(verifiers[0]!).enlist(hot.address);
      for (const verifier of verifiers.slice(1, 3)) await audits.connect(verifier).enlist(verifier.address);
      expect(await audits.verifierOf(hot.address)).to.equal(verifiers[0]!.address);
      const { claim, exchanges } = await claimed(market);
      await opened(market, claim, exchanges);
      await expect(audits.connect(hot).commit(claim, id("commitment")))
        .to.emit(audits, "AnswerCommitted")
        .withArgs(claim, verifiers[0]!.address, id("commitment"));
    });

    it("is closed to who isn't drawn, acts twice, or acts late (AUDIT-5)", async () => {
      const { market, claim, exchanges, seats, right } = await inCommitting();
      const { audits, provider, verifiers } = market;
      const undrawn = verifiers.find(({ address }) => seats.every((seat) => seat.address !== address))!;
      for (const outsider of [undrawn, provider, market.stranger]) {
        await expect(commitAs(market, claim, outsider, right))
          .to.be.revertedWithCustomError(audits, "Audits_NotOnCommittee")
          .withArgs(claim, outsider.address);
      }
      await expect(audits.connect(seats[0]!).commit(claim, ZeroHash)).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongReveal",
      );
      await commitAs(market, claim, seats[0]!, right);
      await expect(commitAs(market, claim, seats[0]!, wrong(right)))
        .to.be.revertedWithCustomError(audits, "Audits_AlreadyActed")
        .withArgs(claim, seats[0]!.address);
      await expect(revealAs(market, claim, seats[0]!, right)).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongStage",
      );
      await commitAs(market, claim, seats[1]!, right);
      const { deadline } = await audits.get(claim);
      await past(deadline);
      await expect(commitAs(market, claim, seats[2]!, right))
        .to.be.revertedWithCustomError(audits, "Audits_TooLate")
        .withArgs(claim, deadline);
      await audits.conclude(claim);
      await unsealDrawn(market, claim, exchanges);
      await revealAs(market, claim, seats[0]!, right);
      await expect(revealAs(market, claim, seats[0]!, right)).to.be.revertedWithCustomError(
        audits,
        "Audits_AlreadyActed",
      );
      await expect(revealAs(market, claim, seats[2]!, right)).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongReveal",
      );
    });

    it("makes a copied commitment worthless (AUDIT-5)", async () => {
      const { market, claim, exchanges, seats, right } = await inCommitting();
      const { audits } = market;
      await commitAs(market, claim, seats[0]!, right);
      const [copied] = await audits.queryFilter(audits.filters.AnswerCommitted(), "latest");
      await audits.connect(seats[1]!).commit(claim, copied!.args.commitment);
      await commitAs(market, claim, seats[2]!, right);
      await unsealDrawn(market, claim, exchanges);
      await revealAs(market, claim, seats[0]!, right);
      await expect(revealAs(market, claim, seats[1]!, right))
        .to.be.revertedWithCustomError(audits, "Audits_WrongReveal")
        .withArgs(claim, seats[1]!.address);
      await revealAs(market, claim, seats[2]!, right);
      await expire(market, claim);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Honest);
      expect(await atStake(market, seats[1]!)).to.equal(50n * MYC - PENALTY);
    });

    it("holds every seat to what it committed (AUDIT-5)", async () => {
      const { market, claim, seats, right } = await inRevealing();
      const { audits } = market;
      await expect(revealAs(market, claim, seats[0]!, wrong(right)))
        .to.be.revertedWithCustomError(audits, "Audits_WrongReveal")
        .withArgs(claim, seats[0]!.address);
      await expect(revealAs(market, claim, seats[0]!, right.slice(1)))
        .to.be.revertedWithCustomError(audits, "Audits_WrongCount")
        .withArgs(1n, 2n);
      await expect(
        audits.connect(seats[0]!).reveal(claim, right, id("other salt")),
      ).to.be.revertedWithCustomError(audits, "Audits_WrongReveal");
    });

    it("has no answer zero (AUDIT-5)", async () => {
      const { market, claim, exchanges, seats, right } = await inCommitting();
      const zero = [ZeroHash, right[1]!];
      await commitAs(market, claim, seats[0]!, zero);
      for (const seat of seats.slice(1)) await commitAs(market, claim, seat, right);
      await unsealDrawn(market, claim, exchanges);
      await expect(revealAs(market, claim, seats[0]!, zero)).to.be.revertedWithCustomError(
        market.audits,
        "Audits_WrongReveal",
      );
    });

    it("doesn't let a verifier take another's seat by naming it as signer (AUDIT-5)", async () => {
      const market = await loadFixture(deployMarket);
      const { audits, verifiers, crowd } = market;
      for (const verifier of verifiers) await audits.connect(verifier).resign();
      const [victim, thief, third, key] = [crowd[6]!, crowd[7]!, verifiers[0]!, crowd[8]!];
      for (const account of [victim, thief]) await bond(market, account, audits, 50n * MYC);
      // The thief names the victim's own address as its signer before the victim has come.
      await audits.connect(thief).enlist(victim.address);
      await audits.connect(victim).enlist(key.address);
      await audits.connect(third).enlist(third.address);
      const { claim, exchanges } = await claimed(market);
      await opened(market, claim, exchanges);
      for (const account of [victim, key]) {
        const commit = audits.connect(account).commit(claim, id("commitment"));
        if (account === victim) {
          await expect(commit)
            .to.emit(audits, "AnswerCommitted")
            .withArgs(claim, victim.address, id("commitment"));
        } else {
          await expect(commit)
            .to.be.revertedWithCustomError(audits, "Audits_AlreadyActed")
            .withArgs(claim, victim.address);
        }
      }
    });
  });
});
