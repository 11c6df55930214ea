import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { exchangesOf, openSession, postClaim } from "./conversation.ts";
import { begun, commitAs, openDrawn, openingsOf } from "./courtroom.ts";
import { deployMarket, MYC, networkHelpers, Stage, Verdict } from "./market.ts";

import { expire, inCommitting, inOpening, wrong } from "./stages.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Audits");

describe("Audits: evidence", () => {
  describe("opening", () => {
    it("shows every drawn receipt under the claimed root (AUDIT-4)", async () => {
      const { market, claim, exchanges } = await inOpening();
      const { audits } = market;
      const openings = await openingsOf(market, claim, exchanges);
      const opening = audits.connect(market.provider).open(claim, openings);
      await expect(opening).to.emit(audits, "AuditOpened");
      await gas.record("open of 2", opening);
      const audit = await audits.get(claim);
      expect(audit.stage).to.equal(Stage.Committing);
      expect([...audit.requestDigests]).to.deep.equal(openings.map(({ requestDigest }) => requestDigest));
      expect(audit.responseDigests.length).to.equal(0);
    });

    it("refuses every receipt but the drawn ones (AUDIT-4)", async () => {
      const { market, claim, exchanges } = await inOpening();
      const { audits } = market;
      const good = await openingsOf(market, claim, exchanges);
      const [first, second] = [good[0]!, good[1]!];
      const bent = (change: object) => [{ ...first, receipt: { ...first.receipt, ...change } }, second];
      const attempts = [
        [second, first],
        [first, first],
        bent({ price: first.receipt.price + 1n }),
        bent({ session: 2n }),
        bent({ modelId: id("other") }),
        bent({ exchange: id("other") }),
        bent({ deadline: 1n }),
        [{ ...first, proof: first.proof.slice(1) }, second],
        [{ ...first, proof: [...first.proof, ZeroHash] }, second],
        [{ ...first, proof: [] }, second],
      ];
      for (const openings of attempts) {
        await expect(audits.connect(market.provider).open(claim, openings)).to.be.revertedWithCustomError(
          audits,
          "Audits_WrongReceipt",
        );
      }
      for (const openings of [[], [first], [...good, first]]) {
        await expect(audits.connect(market.provider).open(claim, openings))
          .to.be.revertedWithCustomError(audits, "Audits_WrongCount")
          .withArgs(openings.length, 2n);
      }
      await openDrawn(market, claim, exchanges);
    });

    it("is guilt for receipts that can't be opened, though the user signed them (AUDIT-4)", async () => {
      const market = await loadFixture(deployMarket);
      const session = await openSession(market);
      // At twice the price of its units: the user has signed the root all the same.
      const exchanges = exchangesOf(market, session, 5, { price: 128n * market.unitPrice });
      const claim = await postClaim(market, exchanges);
      await begun(market, claim);
      await expect(openDrawn(market, claim, exchanges)).to.be.revertedWithCustomError(
        market.audits,
        "Audits_WrongReceipt",
      );
      await expire(market, claim);
      expect((await market.audits.get(claim)).verdict).to.equal(Verdict.Guilty);
    });

    it("is the operator's alone, in time (AUDIT-4)", async () => {
      const { market, claim, exchanges } = await inOpening();
      const { audits, stranger, receiptSigner } = market;
      const openings = await openingsOf(market, claim, exchanges);
      await expect(audits.connect(stranger).open(claim, openings))
        .to.be.revertedWithCustomError(audits, "Audits_NotOperator")
        .withArgs(claim, stranger.address);
      const { deadline } = await audits.get(claim);
      await expect(audits.conclude(claim))
        .to.be.revertedWithCustomError(audits, "Audits_TooEarly")
        .withArgs(claim, deadline);
      const snapshot = await networkHelpers.takeSnapshot();
      await networkHelpers.setBalance(receiptSigner.address, MYC);
      await time.setNextBlockTimestamp(deadline);
      await audits.connect(receiptSigner).open(claim, openings);
      await snapshot.restore();
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(audits.connect(market.provider).open(claim, openings))
        .to.be.revertedWithCustomError(audits, "Audits_TooLate")
        .withArgs(claim, deadline);
    });
  });

  describe("unsealing", () => {
    async function inUnsealing() {
      const court = await inCommitting();
      for (const seat of court.seats) await commitAs(court.market, court.claim, seat, court.right);
      return court;
    }

    it("takes only what the receipts are bound to (AUDIT-4)", async () => {
      const { market, claim, exchanges, right } = await inUnsealing();
      const { audits, provider, stranger } = market;
      const { indices } = await audits.get(claim);
      const salts = indices.map((index) => exchanges[Number(index)]!.salt);
      const asProvider = audits.connect(provider);
      await expect(asProvider.unseal(claim, wrong(right, 1), salts))
        .to.be.revertedWithCustomError(audits, "Audits_WrongSalt")
        .withArgs(claim, 1n);
      await expect(asProvider.unseal(claim, right, wrong(salts)))
        .to.be.revertedWithCustomError(audits, "Audits_WrongSalt")
        .withArgs(claim, 0n);
      await expect(asProvider.unseal(claim, right.slice(1), salts)).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongCount",
      );
      await expect(asProvider.unseal(claim, right, salts.slice(1))).to.be.revertedWithCustomError(
        audits,
        "Audits_WrongCount",
      );
      await expect(audits.connect(stranger).unseal(claim, right, salts)).to.be.revertedWithCustomError(
        audits,
        "Audits_NotOperator",
      );
      await asProvider.unseal(claim, right, salts);
    });

    it("is guilt when it never comes, and pays those who had committed (AUDIT-7)", async () => {
      const { market, claim, seats } = await inUnsealing();
      const { audits, bonds, user } = market;
      const { amount } = await market.sessions.claimOf(claim);
      await expire(market, claim);
      expect((await audits.get(claim)).verdict).to.equal(Verdict.Guilty);
      // Half of 2,000 MYC is cut: the user gets the claim once more, the committee a fifth.
      expect(await bonds.owed(user.address)).to.equal(amount);
      for (const seat of seats) expect(await bonds.owed(seat.address)).to.equal((200n * MYC) / 3n);
    });
  });
});
