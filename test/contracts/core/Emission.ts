import { expect } from "chai";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployEmission } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Emission");

const MYC = 10n ** 18n;
const CAP = 21_000_000n * MYC;
const TICK = 12n;
const Share = { Subnets: 0n, Alignment: 1n, Training: 2n, Treasury: 3n } as const;
const BPS = [4_100n, 1_800n, 2_000n, 1_000n] as const;

const deploy = () => deployEmission(ethers);

/** Subnets go to Alice and the treasury's share to Bob, from tick zero; a rate that halves within days. */
async function deployFast() {
  const all = await deployEmission(ethers, { rate: 1_000n * MYC });
  await all.emission.setRecipient(Share.Subnets, all.alice.address);
  await all.emission.setRecipient(Share.Treasury, all.bob.address);
  return all;
}

/** The schedule tick by tick, as the interface's prose says it. */
function simulate(ticks: bigint, issuable: bigint, rate: bigint, bps: readonly bigint[]) {
  const credits = bps.map(() => 0n);
  let issued = 0n;
  let period = 0n;
  for (let tick = 0n; tick < ticks; tick += 1n) {
    const worth = bps.map((part) => ((rate >> period) * part) / 10_000n);
    for (const [index, amount] of worth.entries()) {
      credits[index] = credits[index]! + amount;
      issued += amount;
    }
    while (issued >= issuable - (issuable >> (period + 1n))) period += 1n;
  }
  return { credits, issued, period };
}

describe("Emission", () => {
  describe("genesis", () => {
    it("mints its table and is the only minter there can be (EMIT-1)", async () => {
      const { token, emission, dao } = await networkHelpers.loadFixture(deploy);
      expect(await token.minter()).to.equal(await emission.getAddress());
      expect(await token.totalSupply()).to.equal(1_000_000n * MYC);
      expect(await token.balanceOf(dao.address)).to.equal(1_000_000n * MYC);
      expect(await emission.issuable()).to.equal(20_000_000n * MYC);
      await expect(token.mint(dao.address, 1n)).to.be.revertedWithCustomError(
        token,
        "MyceliaToken_OnlyMinter",
      );
    });

    it("starts its clock in storage, so that the code is the same on every day", async () => {
      const { emission } = await networkHelpers.loadFixture(deploy);
      const { genesisTime, accruedTicks } = await emission.progress();
      expect(genesisTime).to.be.greaterThan(0n);
      expect(accruedTicks).to.equal(0n);
      expect(await emission.tickLength()).to.equal(TICK);
      const code = await ethers.provider.getCode(await emission.getAddress());
      expect(code).to.not.contain(genesisTime.toString(16).padStart(16, "0"));
    });

    it("refuses a token of another minter, a table over the cap and a rate out of bounds", async () => {
      const { authority, token, emission, dao } = await networkHelpers.loadFixture(deploy);
      const factory = await ethers.getContractFactory("Emission");
      const term = { bps: 100, minBps: 0, maxBps: 10_000 };
      const terms = [term, term, term, term] as const;
      await expect(factory.deploy(await authority.getAddress(), await token.getAddress(), [], 1n, [...terms]))
        .to.be.revertedWithCustomError(emission, "Emission_NotMinter")
        .withArgs(await token.getAddress(), await emission.getAddress());
      const grant = (amount: bigint) => [{ account: dao.address, amount }];
      await expect(
        deployEmission(ethers, { genesis: [...grant(CAP), ...grant(1n)] }),
      ).to.be.revertedWithCustomError(token, "MyceliaToken_OverCap");
      for (const rate of [0n, 10n * MYC + 1n]) {
        await expect(deployEmission(ethers, { genesis: grant(CAP - 20n * MYC), rate }))
          .to.be.revertedWithCustomError(emission, "Emission_RateOutOfBounds")
          .withArgs(rate, 10n * MYC);
      }
      await expect(deployEmission(ethers, { bps: [6_001, 1_000, 1_000, 1_000] }))
        .to.be.revertedWithCustomError(emission, "Emission_ShareOutOfBounds")
        .withArgs(Share.Subnets, 6_001n, 500n, 6_000n);
      await expect(deployEmission(ethers, { bps: [6_000, 3_000, 501, 500] }))
        .to.be.revertedWithCustomError(emission, "Emission_SharesExceedWhole")
        .withArgs(10_001n);
    });
  });

  describe("accrual", () => {
    it("credits whole ticks, to shares with a recipient only (EMIT-2)", async () => {
      const { emission, alice } = await networkHelpers.loadFixture(deploy);
      const { genesisTime } = await emission.progress();
      await emission.setRecipient(Share.Subnets, alice.address);
      const { accruedTicks } = await emission.progress();
      const at = genesisTime + (accruedTicks + 10n) * TICK;
      await networkHelpers.time.setNextBlockTimestamp(at - 1n);
      await emission.accrue();
      expect(await emission.issued()).to.equal((9n * MYC * BPS[0]) / 10_000n);
      await networkHelpers.time.setNextBlockTimestamp(at);
      await gas.record("accrue", emission.accrue());
      expect(await emission.issued()).to.equal((10n * MYC * BPS[0]) / 10_000n);
      expect(await emission.creditOf(Share.Alignment)).to.equal(0n);
      await expect(emission.mintShare(Share.Alignment))
        .to.be.revertedWithCustomError(emission, "Emission_NoRecipient")
        .withArgs(Share.Alignment);
    });

    it("is the tick-by-tick schedule, to the wei, over halvings (EMIT-3)", async () => {
      const { emission } = await networkHelpers.loadFixture(deployFast);
      const [{ genesisTime, accruedTicks }, issuable, rate] = await Promise.all([
        emission.progress(),
        emission.issuable(),
        emission.initialRate(),
      ]);
      expect(accruedTicks).to.equal(0n);
      for (const ticks of [1n, 7n, 30_000n, 100_000n]) {
        const wanted = simulate(ticks, issuable, rate, [BPS[0], BPS[3]]);
        await networkHelpers.time.setNextBlockTimestamp(genesisTime + ticks * TICK + 5n);
        await emission.accrue();
        expect(await emission.issued()).to.equal(wanted.issued);
        expect(await emission.halvings()).to.equal(wanted.period);
        expect(await emission.creditOf(Share.Subnets)).to.equal(wanted.credits[0]);
        expect(await emission.creditOf(Share.Treasury)).to.equal(wanted.credits[1]);
        expect(await emission.rate()).to.equal(rate >> wanted.period);
      }
      expect(await emission.halvings()).to.be.greaterThan(1n);
    });

    it("after a hundred years of silence is bounded work and under the cap (EMIT-4)", async () => {
      const { token, emission } = await networkHelpers.loadFixture(deployFast);
      await networkHelpers.time.increase(100n * 365n * 86_400n);
      const receipt = await gas.record("accrue after a century", emission.accrue());
      expect(receipt.gasUsed).to.be.lessThan(2n ** 21n);
      const issuable = await emission.issuable();
      const issued = await emission.issued();
      expect(issued).to.be.lessThan(issuable);
      expect(issuable - issued).to.be.lessThan(MYC);
      await emission.mintShare(Share.Subnets);
      await emission.mintShare(Share.Treasury);
      expect(await token.totalSupply()).to.equal(1_000_000n * MYC + issued);
      expect(await token.totalSupply()).to.be.lessThan(CAP);
    });
  });

  describe("shares", () => {
    it("are minted to their recipient by anyone's hand, once (EMIT-5)", async () => {
      const { token, emission, alice, bob } = await networkHelpers.loadFixture(deployFast);
      await networkHelpers.time.increase(TICK * 5n);
      await gas.record("mintShare", emission.connect(bob).mintShare(Share.Subnets));
      const minted = await emission.mintedOf(Share.Subnets);
      expect(minted).to.equal(await token.balanceOf(alice.address));
      expect(minted).to.be.greaterThan(0n);
      expect(await emission.creditOf(Share.Subnets)).to.equal(0n);
      await emission.mintShare(Share.Subnets);
      expect(await token.balanceOf(alice.address)).to.equal(minted);
    });

    it("pay what was credited to the recipient of that time", async () => {
      const { token, emission, dao, alice, bob } = await networkHelpers.loadFixture(deployFast);
      await networkHelpers.time.increase(TICK * 100n);
      await emission.setRecipient(Share.Subnets, dao.address);
      const earned = await token.balanceOf(alice.address);
      expect(earned).to.be.greaterThanOrEqual((100n * 1_000n * MYC * BPS[0]) / 10_000n);
      await emission.setRecipient(Share.Treasury, ethers.ZeroAddress);
      expect(await token.balanceOf(bob.address)).to.be.greaterThan(0n);
      await networkHelpers.time.increase(TICK * 100n);
      await emission.accrue();
      expect(await emission.creditOf(Share.Treasury)).to.equal(0n);
      expect(await emission.creditOf(Share.Subnets)).to.be.greaterThan(0n);
      expect(await token.balanceOf(alice.address)).to.equal(earned);
    });

    it("move within their bounds, by the DAO, after what was accrued (EMIT-6)", async () => {
      const { emission, alice } = await networkHelpers.loadFixture(deployFast);
      const { genesisTime } = await emission.progress();
      await networkHelpers.time.setNextBlockTimestamp(genesisTime + 10n * TICK);
      const sent = emission.setShare(Share.Subnets, 500);
      await expect(sent).to.emit(emission, "ShareSet").withArgs(Share.Subnets, 4_100n, 500n);
      expect(await emission.creditOf(Share.Subnets)).to.equal((10n * 1_000n * MYC * 4_100n) / 10_000n);
      const { terms, recipient } = await emission.termsOf(Share.Subnets);
      expect(terms).to.deep.equal([500n, 500n, 6_000n]);
      expect(recipient).to.equal(alice.address);
      for (const bps of [499, 6_001]) {
        await expect(emission.setShare(Share.Subnets, bps))
          .to.be.revertedWithCustomError(emission, "Emission_ShareOutOfBounds")
          .withArgs(Share.Subnets, bps, 500n, 6_000n);
      }
      await emission.setShare(Share.Alignment, 6_000);
      await expect(emission.setShare(Share.Subnets, 1_001))
        .to.be.revertedWithCustomError(emission, "Emission_SharesExceedWhole")
        .withArgs(10_001n);
      for (const call of [
        () => emission.connect(alice).setShare(Share.Subnets, 600),
        () => emission.connect(alice).setRecipient(Share.Subnets, alice.address),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(emission, "AccessManagedUnauthorized");
      }
    });
  });
});
