import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { BPS, ceilDiv, endowedOn, GIB, keptOf, MYC, PRICE, releaseOf, TREASURY_BPS } from "./endowed.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { deploy, epochNow, reach, lease, buyForEver, expectSolvent } = endowedOn(connection);
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Endowment");

describe("Endowment", () => {
  describe("permanent units", () => {
    it("pay the price, a share of which is the treasury's, and wait in the pool (ENDOW-7)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, token, treasury } = at;
      expect(await endowment.permanentUp(GIB)).to.equal(PRICE);
      expect(await endowment.permanentUp(1n)).to.equal(ceilDiv(PRICE, GIB));
      const fee = await buyForEver(at, GIB);
      expect(await token.balanceOf(await treasury.getAddress())).to.equal(fee - keptOf(fee));
      expect(await endowment.pool()).to.equal(keptOf(fee));
      expect(await endowment.permanentUnits()).to.equal(GIB);
      await expectSolvent(at);
    });

    it("pay what the others hold when the price is below it: nobody is diluted (ENDOW-3)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, parameters, token } = at;
      await buyForEver(at, 3n * GIB);
      await parameters.set(encodeBytes32String("storage.permanentPricePerGiB"), PRICE / 100n);
      await reach((await epochNow()) + 1n);
      const [pool, units] = [await endowment.pool(), await endowment.permanentUnits()];
      const least = ceilDiv(ceilDiv(7n * pool, units) * BPS, BPS - TREASURY_BPS);
      expect(await endowment.permanentUp(7n)).to.equal(least);
      const address = await endowment.getAddress();
      // Less than a basis point below what keeps P / U: rounding alone can't hide it.
      const little = least - least / 10_000n;
      await token.mint(address, little);
      await expect(endowment.deposit(7n, 0n, 0n, little))
        .to.be.revertedWithCustomError(endowment, "Endowment_Dilutes")
        .withArgs(7n, keptOf(little));
      await token.mint(address, least - little);
      await endowment.deposit(7n, 0n, 0n, least);
      expect((await endowment.pool()) * units).to.be.at.least(pool * (units + 7n));
    });

    it("release a share a year, epoch by epoch, of what is left (ENDOW-8)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits } = at;
      let pool = keptOf(await buyForEver(at, 1_000n * GIB));
      const first = await epochNow();
      for (let epoch = first; epoch < first + 4n; epoch++) {
        await reach(epoch);
        await endowment.connect(audits).open(epoch);
        expect(await endowment.budgetOf(epoch)).to.equal(releaseOf(pool));
        pool -= releaseOf(pool);
        expect(await endowment.pool()).to.equal(pool);
      }
    });

    it("can't be priced up by donations: those are surplus, and released with the rest", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, token, audits } = at;
      await buyForEver(at, 1n);
      const price = await endowment.permanentUp(GIB);
      await token.mint(await endowment.getAddress(), 1_000n * MYC);
      await expect(endowment.endow())
        .to.emit(endowment, "SurplusAdded")
        .withArgs(1_000n * MYC);
      expect(await endowment.endow.staticCall()).to.equal(0n);
      expect(await endowment.permanentUp(GIB)).to.equal(price);
      const [epoch, pool] = [await epochNow(), await endowment.pool()];
      await endowment.connect(audits).open(epoch);
      expect(await endowment.budgetOf(epoch)).to.equal(releaseOf(pool) + releaseOf(1_000n * MYC));
      await expectSolvent(at);
    });
  });

  describe("leases", () => {
    it("are paid out evenly over their epochs, and what doesn't divide is surplus (ENDOW-4)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits } = at;
      const now = await epochNow();
      await lease(at, now + 1n, now + 3n, 1_000n);
      await lease(at, now + 2n, now + 2n, 100n);
      expect(await endowment.leased()).to.equal(948n + 95n);
      expect(await endowment.surplus()).to.equal(2n);
      const budgets: bigint[] = [];
      for (let epoch = now; epoch < now + 5n; epoch++) {
        await reach(epoch);
        await endowment.connect(audits).open(epoch);
        budgets.push(await endowment.budgetOf(epoch));
      }
      expect(budgets).to.deep.equal([0n, 316n, 411n, 316n, 0n]);
      expect(await endowment.leased()).to.equal(0n);
      await expectSolvent(at);
    });

    it("of epochs that nobody opened go to the surplus; opened late, they pay (ENDOW-6)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits } = at;
      const now = await epochNow();
      await lease(at, now + 1n, now + 4n, 400n);
      await reach(now + 4n);
      await expect(endowment.connect(audits).open(now + 3n))
        .to.emit(endowment, "EpochsPassed")
        .withArgs(now + 3n, 190n);
      expect(await endowment.surplus()).to.equal(190n);
      expect(await endowment.budgetOf(now + 3n)).to.equal(95n);
      for (const epoch of [now + 2n, now + 3n, now + 5n]) {
        await expect(endowment.connect(audits).open(epoch))
          .to.be.revertedWithCustomError(endowment, "Endowment_CannotOpen")
          .withArgs(epoch, now + 4n, now + 4n);
      }
    });

    it("start no earlier than the next epoch to open, and last an epoch at least", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits, token } = at;
      const now = await epochNow();
      await endowment.connect(audits).open(now);
      await token.mint(await endowment.getAddress(), 100n);
      for (const [first, last] of [
        [now, now + 5n],
        [now + 5n, now + 4n],
      ] as const) {
        await expect(endowment.deposit(1n, first, last, 100n))
          .to.be.revertedWithCustomError(endowment, "Endowment_InvalidTerm")
          .withArgs(first, last, now + 1n);
      }
    });
  });

  describe("epochs", () => {
    it("left out are passed over in bounded pieces, and the audits' own never (ENDOW-6)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits, other } = at;
      const now = await epochNow();
      await lease(at, now + 1n, now + 400n, 40_000n);
      await reach(now + 300n);
      const late = endowment.connect(audits).open(now + 300n);
      await expect(late)
        .to.be.revertedWithCustomError(endowment, "Endowment_TooFarBehind")
        .withArgs(now + 300n, now);
      await endowment.connect(other).roll(100n);
      expect(await endowment.nextEpoch()).to.equal(now + 100n);
      await gas.record("roll over 199 epochs of leases", endowment.connect(other).roll(1_000n));
      expect(await endowment.nextEpoch()).to.equal(now + 299n);
      await endowment.connect(other).roll(1_000n);
      expect(await endowment.nextEpoch()).to.equal(now + 299n);
      expect(await endowment.surplus()).to.equal(298n * 95n);
      await endowment.connect(audits).open(now + 299n);
      await expectSolvent(at);
    });

    it("pay parts of their budget, rounded down, and give back what nobody proved (ENDOW-5)", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits, operator, other } = at;
      await buyForEver(at, 1_000n * GIB);
      const epoch = (await epochNow()) + 1n;
      await lease(at, epoch, epoch, 1_000_000n);
      await reach(epoch);
      const judge = endowment.connect(audits);
      await judge.open(epoch);
      const budget = await endowment.budgetOf(epoch);
      const fromPool = budget - 950_000n;
      await judge.pay(epoch, operator.address, 0n, 3n);
      await gas.record("pay a node's first reward", judge.pay(epoch, operator.address, 1n, 3n));
      expect(await endowment.owed(operator.address)).to.equal(budget / 3n);
      const left = budget - budget / 3n;
      await expect(judge.pay(epoch, other.address, 3n, 3n))
        .to.be.revertedWithCustomError(endowment, "Endowment_OverBudget")
        .withArgs(epoch, budget, left);
      const [pool, surplus] = [await endowment.pool(), await endowment.surplus()];
      const toPool = ceilDiv(left * fromPool, budget);
      await expect(judge.close(epoch))
        .to.emit(endowment, "EpochClosed")
        .withArgs(epoch, toPool, left - toPool);
      expect(await endowment.pool()).to.equal(pool + toPool);
      expect(await endowment.surplus()).to.equal(surplus + left - toPool);
      for (const again of [judge.close(epoch), judge.pay(epoch, other.address, 1n, 3n)]) {
        await expect(again).to.be.revertedWithCustomError(endowment, "Endowment_NotOpen").withArgs(epoch);
      }
      await expectSolvent(at);
    });

    it("pay out what was earned, once, to whoever the operator says", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits, operator, other, token } = at;
      const epoch = (await epochNow()) + 1n;
      await lease(at, epoch, epoch, 1_000n);
      await reach(epoch);
      await endowment.connect(audits).open(epoch);
      await endowment.connect(audits).pay(epoch, operator.address, 1n, 1n);
      await expect(endowment.connect(operator).collect(other.address)).to.changeTokenBalances(
        ethers,
        token,
        [other, endowment],
        [950n, -950n],
      );
      expect(await endowment.connect(operator).collect.staticCall(other.address)).to.equal(0n);
      await expectSolvent(at);
    });

    it("cost what they cost", async () => {
      const at = await networkHelpers.loadFixture(deploy);
      const { endowment, audits, token } = at;
      await buyForEver(at, GIB);
      const now = await epochNow();
      await lease(at, now + 1n, now + 30n, MYC);
      await token.mint(await endowment.getAddress(), MYC);
      await gas.record("deposit a lease", endowment.deposit(GIB, now + 1n, now + 30n, MYC));
      await reach(now + 1n);
      await endowment.connect(audits).open(now);
      await gas.record("open", endowment.connect(audits).open(now + 1n));
      await gas.record("close", endowment.connect(audits).close(now + 1n));
    });
  });
});
