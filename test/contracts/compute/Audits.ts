import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import { claimed, exchangesOf, openSession, past, postClaim } from "./conversation.ts";
import {
  audited,
  begun,
  commitAs,
  committeeOf,
  fulfil,
  openDrawn,
  opened,
  openingsOf,
  revealAs,
  truth,
  unsealDrawn,
} from "./courtroom.ts";
import {
  bond,
  ClaimState,
  DAY,
  deployMarket,
  type Market,
  MYC,
  networkHelpers,
  PARAMETERS,
  type Signer,
  Stage,
  setParameter,
  UNBOND_DELAY,
  Verdict,
} from "./market.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Audits");
const PENALTY = PARAMETERS["audits.absencePenalty"];

/** Sixteen receipts, so that every proof is as long: what an opening costs doesn't depend on the draw. */
async function inDrawing() {
  const market = await loadFixture(deployMarket);
  return { market, ...(await claimed(market, 16)) };
}

async function inOpening() {
  const court = await inDrawing();
  await begun(court.market, court.claim);
  return court;
}

async function inCommitting() {
  const court = await inDrawing();
  await opened(court.market, court.claim, court.exchanges);
  const seats = await committeeOf(court.market, court.claim);
  return { ...court, seats, right: await truth(court.market, court.claim, court.exchanges) };
}

async function inRevealing(committing = [0, 1, 2]) {
  const court = await inCommitting();
  const { market, claim, seats, right, exchanges } = court;
  for (const i of committing) await commitAs(market, claim, seats[i]!, right);
  if (committing.length < 3) await expire(market, claim);
  await unsealDrawn(market, claim, exchanges);
  return court;
}

/** Lets the stage's deadline pass and turns the crank. */
async function expire(market: Market, claim: bigint): Promise<void> {
  await past((await market.audits.get(claim)).deadline);
  await market.audits.connect(market.stranger).conclude(claim);
}

const wrong = (answers: readonly string[], at = 0) =>
  answers.map((answer, i) => (i === at ? id("another answer") : answer));

/** Bond of a verifier that Audits can slash. */
const atStake = (market: Market, seat: Signer) => market.bonds.slashable(seat.address, market.audits);

describe("Audits", () => {
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
      const { market, claim, seats, right } = await inCommitting();
      const { audits, crowd } = market;
      // An outsider squats on a key that two verifiers might use: it only ever acts for the outsider.
      await bond(market, crowd[7]!, audits, 50n * MYC);
      await expect(audits.connect(crowd[7]!).enlist(seats[0]!.address))
        .to.be.revertedWithCustomError(audits, "Audits_SignerTaken")
        .withArgs(seats[0]!.address, seats[0]!.address);
      await commitAs(market, claim, seats[0]!, right);
      const [act] = await audits.queryFilter(audits.filters.AnswerCommitted(), "latest");
      expect(act!.args.verifier).to.equal(seats[0]!.address);
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

  it("never lets a window outlast the bonds (AUDIT-9)", async () => {
    const market = await loadFixture(deployMarket);
    await setParameter(market, "audits.openWindow", 365n * DAY);
    const { claim } = await claimed(market);
    await begun(market, claim);
    const { deadline } = await market.audits.get(claim);
    expect(deadline).to.equal(BigInt(await time.latest()) + UNBOND_DELAY / 16n);
  });
});
