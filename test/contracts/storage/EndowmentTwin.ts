import { expect } from "chai";
import { network } from "hardhat";
import { Endowment } from "../../../bench/economics/endowment.ts";
import { seededRandom } from "../../../bench/random.ts";
import { EPOCH, endowedOn, GIB, PRICE, RELEASE_BPS, TREASURY_BPS } from "./endowed.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { deploy, buyForEver, lease, reach } = endowedOn(connection);

describe("The twin of Endowment", () => {
  it("holds the same after the same epochs, to the wei", async () => {
    const at = await networkHelpers.loadFixture(deploy);
    const { endowment, audits, operator } = at;
    const judge = endowment.connect(audits);
    const twin = new Endowment({
      epochLength: EPOCH,
      releaseRate: RELEASE_BPS,
      treasuryShare: TREASURY_BPS,
      permanentPrice: PRICE,
    });
    const random = seededRandom(31n);
    const below = (bound: number) => BigInt(Math.floor(random() * bound));
    for (let step = 0; step < 25; step++) {
      const epoch = await endowment.nextEpoch();
      const units = 1n + below(5_000_000);
      if (random() < 0.5) {
        expect(await endowment.permanentUp(units)).to.equal(twin.permanentUp(units));
        await buyForEver(at, units);
        twin.depositPermanent(units, twin.permanentUp(units));
      }
      if (random() < 0.5) {
        const [epochs, amount] = [1n + below(6), 1n + below(1e15)];
        await lease(at, epoch, epoch + epochs - 1n, amount);
        twin.depositLease(amount, Number(epochs));
      }
      await reach(epoch);
      await judge.open(epoch);
      const budget = await endowment.budgetOf(epoch);
      expect(twin.open()).to.equal(budget);
      const proven = below(257);
      await judge.pay(epoch, operator.address, proven, 256n);
      twin.pay(proven, 256n);
      await judge.close(epoch);
      twin.close();
      expect(await endowment.pool()).to.equal(twin.pool);
      expect(await endowment.surplus()).to.equal(twin.surplus);
      expect(await endowment.leased()).to.equal(twin.leased);
      expect(await endowment.permanentUnits()).to.equal(twin.permanentUnits);
      expect(await endowment.owed(operator.address)).to.equal(twin.paid);
    }
    expect(twin.paid > 0n && twin.surplus > 0n && GIB < twin.permanentUnits).to.equal(true);
  });
});
