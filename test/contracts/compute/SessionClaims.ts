import { expect } from "chai";
import { id, Wallet } from "ethers";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  claimed,
  exchangesOf,
  openSession,
  postClaim,
  receiptDigest,
  signVoucher,
  voucherOver,
} from "./conversation.ts";
import { audited, fulfil } from "./courtroom.ts";
import {
  bond,
  ClaimState,
  deployMarket,
  ethers,
  MYC,
  networkHelpers,
  PARAMETERS,
  type Signer,
  setParameter,
} from "./market.ts";

import { openWithVoucher, post } from "./vouchers.ts";

const { loadFixture, time } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Sessions");

describe("Sessions: claims", () => {
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
      const claimWith = async (other: Partial<typeof voucher>) =>
        market.sessions
          .connect(market.provider)
          .claim(voucher, await signVoucher(market, { ...voucher, ...other }));
      // Each is made when its turn comes: a rejection that nobody awaits yet would end the run.
      const forgeries: (() => Promise<unknown>)[] = [
        () => post(market, voucher, { signer: market.provider }),
        () => post(market, voucher, { chainId: 1n }),
        () => claimWith({ amount: voucher.amount - 1n }),
        () => claimWith({ receiptsRoot: id("other") }),
        () => market.sessions.connect(market.provider).claim(voucher, "0x"),
      ];
      for (const attempt of forgeries) {
        await expect(attempt())
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

    it("pays a voucher whose signer has got code since (SESS-4)", async () => {
      const { market, voucher } = await openWithVoucher();
      const wallet = await (await ethers.getContractFactory("ContractWallet")).deploy(market.stranger);
      const code = await ethers.provider.getCode(wallet);
      await networkHelpers.setCode(market.user.address, code);
      await expect(post(market, voucher)).to.emit(market.sessions, "ClaimPosted");
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

  it("works without a tip (SESS-3)", async () => {
    const market = await loadFixture(deployMarket);
    await setParameter(market, "beacon.tip", 0n);
    const { claim } = await claimed(market);
    expect((await market.sessions.claimOf(claim)).tip).to.equal(0n);
    await fulfil(market, claim);
  });
});
