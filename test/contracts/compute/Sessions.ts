import { expect } from "chai";
import { encodeBytes32String, id, Wallet } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  claimed,
  exchangesOf,
  openSession,
  orderOf,
  past,
  postClaim,
  receiptDigest,
  signVoucher,
  type TypedSigner,
  type Voucher,
  voucherOver,
} from "./conversation.ts";
import { audited, begun, fulfil } from "./courtroom.ts";
import {
  bond,
  ClaimState,
  DAY,
  deployMarket,
  ethers,
  type Market,
  MYC,
  networkHelpers,
  PARAMETERS,
  SessionState,
  type Signer,
  setParameter,
  Tier,
  Verdict,
} from "./market.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Sessions");
const WINDOW = PARAMETERS["sessions.claimWindow"];

/** Posts a voucher with whatever signature, as whoever. */
async function post(
  market: Market,
  voucher: Voucher,
  options: { by?: Signer; signer?: TypedSigner; chainId?: bigint } = {},
) {
  const signature = await signVoucher(market, voucher, options.signer, options.chainId);
  return market.sessions.connect(options.by ?? market.provider).claim(voucher, signature);
}

async function openWithVoucher(count = 20) {
  const market = await loadFixture(deployMarket);
  const session = await openSession(market);
  const exchanges = exchangesOf(market, session, count);
  return { market, session, exchanges, voucher: await voucherOver(market, exchanges) };
}

describe("Sessions", () => {
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

  describe("claiming", () => {
    it("posts what is new and asks for its draw (SESS-3)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      const { sessions, beacon, token, provider } = market;
      const claiming = post(market, voucher);
      await expect(claiming)
        .to.emit(sessions, "ClaimPosted")
        .withArgs(1n, session, provider.address, voucher.amount, 0n, 20n, voucher.receiptsRoot, 1n);
      await gas.record("claim", claiming);
      const [consumer, tip] = await beacon.requestOf(1n);
      expect(consumer).to.equal(await sessions.getAddress());
      expect(tip).to.equal(PARAMETERS["beacon.tip"]);
      expect(await token.balanceOf(beacon)).to.equal(tip);
      const claim = await sessions.claimOf(1n);
      expect(claim.state).to.equal(ClaimState.Auditing);
      expect(claim.last).to.equal(false);
      expect((await sessions.get(session)).openClaim).to.equal(1n);
    });

    it("hashes receipts as EIP-712 says (SESS-4)", async () => {
      const { market, exchanges } = await openWithVoucher(1);
      const { receipt } = exchanges[0]!;
      expect(await market.sessions.receiptDigest(receipt)).to.equal(await receiptDigest(market, receipt));
    });

    it("can be posted by the receipt signer, and by nobody else (SESS-3)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      for (const by of [market.user, market.stranger, market.rival]) {
        await expect(post(market, voucher, { by }))
          .to.be.revertedWithCustomError(market.sessions, "Sessions_NotParty")
          .withArgs(session, by.address);
      }
      await networkHelpers.setBalance(market.receiptSigner.address, MYC);
      await post(market, voucher, { by: market.receiptSigner as unknown as Signer });
    });

    it("takes only the voucher signer's signature over this voucher (SESS-4)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      const forgeries: [string, Promise<unknown>][] = [
        ["the provider's own signature", post(market, voucher, { signer: market.provider })],
        ["another chain's signature", post(market, voucher, { chainId: 1n })],
        [
          "a signature over less",
          market.sessions
            .connect(market.provider)
            .claim(voucher, await signVoucher(market, { ...voucher, amount: voucher.amount - 1n })),
        ],
        [
          "a signature over another root",
          market.sessions
            .connect(market.provider)
            .claim(voucher, await signVoucher(market, { ...voucher, receiptsRoot: id("other") })),
        ],
        ["no signature", market.sessions.connect(market.provider).claim(voucher, "0x")],
      ];
      for (const [, attempt] of forgeries) {
        await expect(attempt)
          .to.be.revertedWithCustomError(market.sessions, "Sessions_InvalidVoucher")
          .withArgs(session, market.user.address);
      }
    });

    it("takes no voucher of another session (SESS-4)", async () => {
      const { market, voucher } = await openWithVoucher();
      const other = await openSession(market);
      const signature = await signVoucher(market, voucher);
      await expect(
        market.sessions.connect(market.provider).claim({ ...voucher, session: other }, signature),
      ).to.be.revertedWithCustomError(market.sessions, "Sessions_InvalidVoucher");
      await expect(post(market, { ...voucher, session: 99n }))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_Unknown")
        .withArgs(99n);
    });

    it("honours a voucher key of its own, and a contract's (SESS-4)", async () => {
      const market = await loadFixture(deployMarket);
      const hot = Wallet.createRandom();
      const keyed = await openSession(market, { voucherSigner: hot.address });
      const voucher = await voucherOver(market, exchangesOf(market, keyed, 10));
      await expect(post(market, voucher)).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_InvalidVoucher",
      );
      await post(market, voucher, { signer: hot });

      const wallet = await (await ethers.getContractFactory("ContractWallet")).deploy(market.stranger);
      const contract = await openSession(market, { voucherSigner: await wallet.getAddress() });
      const second = await voucherOver(market, exchangesOf(market, contract, 10));
      await expect(post(market, second)).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_InvalidVoucher",
      );
      await post(market, second, { signer: market.stranger });
    });

    it("takes nothing twice and nothing less (SESS-5)", async () => {
      const { market, session, exchanges, voucher } = await openWithVoucher();
      const claim = await postClaim(market, exchanges);
      await expect(post(market, voucher))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_ClaimPending")
        .withArgs(session, claim);
      await audited(market, claim, exchanges);
      const { amount, receipts } = voucher;
      for (const stale of [
        voucher,
        { ...voucher, amount: amount - 1n, receipts: receipts + 1n },
        { ...voucher, amount, receipts: receipts + 1n },
        { ...voucher, amount: amount + MYC, receipts },
        { ...voucher, amount: amount + MYC, receipts: receipts - 1n },
      ]) {
        await expect(post(market, stale))
          .to.be.revertedWithCustomError(market.sessions, "Sessions_NothingNew")
          .withArgs(session, amount, receipts);
      }
    });

    it("claims no more than the budget (SESS-5)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      await expect(post(market, { ...voucher, amount: 100n * MYC + 1n }))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_OverBudget")
        .withArgs(session, 100n * MYC + 1n, 100n * MYC);
      await post(market, { ...voucher, amount: 100n * MYC });
    });

    it("must pay for its own audit, to the wei (SESS-6)", async () => {
      const { market, voucher } = await openWithVoucher();
      const cost = await market.audits.cost(20n);
      expect(cost).to.equal(6n * PARAMETERS["audits.reward"]);
      const needed = cost + PARAMETERS["beacon.tip"];
      // The least amount that, without its fee of 1 % rounded down, still is what is needed.
      let least = (needed * 100n) / 99n - 1n;
      while (least - least / 100n < needed) least++;
      await expect(post(market, { ...voucher, amount: least - 1n })).to.be.revertedWithCustomError(
        market.sessions,
        "Sessions_BelowAuditCost",
      );
      await post(market, { ...voucher, amount: least });
    });

    it("needs a bond that covers all that was admitted (SESS-7)", async () => {
      const { market, voucher } = await openWithVoucher();
      await market.bonds.connect(market.provider).unbond(market.services, 1_801n * MYC);
      await expect(post(market, voucher)).to.be.revertedWithCustomError(
        market.services,
        "Services_InsufficientBond",
      );
      await bond(market, market.provider, market.services, MYC);
      await post(market, voucher);
    });

    it("needs three verifiers besides the parties (SESS-7)", async () => {
      const { market, voucher } = await openWithVoucher();
      for (const verifier of market.verifiers.slice(0, 2)) await market.audits.connect(verifier).resign();
      // The provider fills the roster up with itself: that doesn't count.
      await market.audits.connect(market.verifiers[2]!).resign();
      await bond(market, market.provider, market.audits, 50n * MYC);
      await market.audits.connect(market.provider).enlist(market.provider.address);
      await expect(post(market, voucher))
        .to.be.revertedWithCustomError(market.audits, "Audits_TooFewVerifiers")
        .withArgs(2n, 3n);
      await market.audits.connect(market.verifiers[2]!).enlist(market.verifiers[2]!.address);
      await post(market, voucher);
    });

    it("ends with the claim window, to the second (SESS-8)", async () => {
      const { market, session, voucher } = await openWithVoucher();
      const { claimBefore } = await market.sessions.get(session);
      const signature = await signVoucher(market, voucher);
      const snapshot = await networkHelpers.takeSnapshot();
      await time.setNextBlockTimestamp(claimBefore);
      await market.sessions.connect(market.provider).claim(voucher, signature);
      expect((await market.sessions.claimOf(1n)).last).to.equal(true);
      await snapshot.restore();
      await time.setNextBlockTimestamp(claimBefore + 1n);
      await expect(market.sessions.connect(market.provider).claim(voucher, signature))
        .to.be.revertedWithCustomError(market.sessions, "Sessions_TooLate")
        .withArgs(session, claimBefore);
    });
  });

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

  it("works without a tip (SESS-3)", async () => {
    const market = await loadFixture(deployMarket);
    await setParameter(market, "beacon.tip", 0n);
    const { claim } = await claimed(market);
    expect((await market.sessions.claimOf(claim)).tip).to.equal(0n);
    await fulfil(market, claim);
  });
});
