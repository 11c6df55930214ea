import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { UNBOND_DELAY } from "../core/fixtures.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployStorage, NODE_BOND } from "./fixtures.ts";
import { bondUp, countOf, joinAs, ownersOf, type Storage, URL_A } from "./seats.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Committee");

const BOND = encodeBytes32String("storage.nodeBond");
const DAY = 86_400;

const deploy = () => deployStorage(ethers);

async function joinFirst(storage: Storage, count: number) {
  const operators = (await ethers.getSigners()).slice(0, count);
  for (const operator of operators) await joinAs(storage, operator);
  return operators;
}

/** The accounts that Hardhat knows are too few for a full roster. */
async function impersonate(number: number) {
  const address = ethers.getAddress(`0x${(0x1000_0000 + number).toString(16).padStart(40, "0")}`);
  await networkHelpers.setBalance(address, 10n ** 18n);
  return ethers.getImpersonatedSigner(address);
}

describe("Committee", () => {
  describe("leaving", () => {
    it("hands slots to the smallest holders, or to nobody below eight members (COMMITTEE-2)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      const operators = await joinFirst(storage, 10);
      const sent = await committee.connect(operators[3]!).resign();
      await expect(sent).to.emit(committee, "MemberLeft").withArgs(4n, operators[3]!.address);
      let owners = await ownersOf(storage);
      expect(countOf(owners, 4)).to.equal(0);
      for (const member of [1, 2, 3, 5, 6, 7, 8, 9, 10]) expect(countOf(owners, member)).to.be.within(28, 29);

      for (const gone of [0, 9]) await committee.connect(operators[gone]!).resign();
      owners = await ownersOf(storage);
      for (const member of [2, 3, 5, 6, 7, 8, 9]) expect(countOf(owners, member)).to.equal(32);
      expect(countOf(owners, 0)).to.equal(32);
      expect(await committee.memberCount()).to.equal(7n);
    });

    it("keeps the record of who left, and its number for it (COMMITTEE-5)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      const operators = await joinFirst(storage, 3);
      const fresh = (await ethers.getSigners())[5]!;
      await committee.connect(operators[1]!).resign();
      const left = await committee.memberAt(2);
      expect(left.operator).to.equal(operators[1]!.address);
      expect(left.leftAt).to.equal(await networkHelpers.time.latest());
      expect(left.slots).to.equal(0n);
      expect(await committee.memberOf(operators[1]!.address)).to.equal(0n);
      await expect(committee.connect(operators[1]!).resign()).to.be.revertedWithCustomError(
        committee,
        "Committee_NotMember",
      );

      await joinAs(storage, fresh);
      expect(await committee.memberOf(fresh.address)).to.equal(4n);
      await expect(committee.connect(operators[1]!).join(fresh.address, URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_InvalidSigner",
      );
      await committee.connect(operators[1]!).join(operators[1]!.address, URL_A);
      expect(await committee.memberOf(operators[1]!.address)).to.equal(2n);
      expect((await committee.memberAt(2)).leftAt).to.equal(0n);
    });

    it("gives a number to another only after the unbonding delay (COMMITTEE-5)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee } = storage;
      for (let number = 1; number <= 255; number++) await joinAs(storage, await impersonate(number));
      expect(await committee.memberCount()).to.equal(255n);
      const next = await impersonate(256);
      await bondUp(storage, next);
      const join = () => committee.connect(next).join(next.address, URL_A);
      await expect(join()).to.be.revertedWithCustomError(committee, "Committee_Full").withArgs(255n);

      const leaver = await impersonate(77);
      await committee.connect(leaver).resign();
      const leftAt = BigInt(await networkHelpers.time.latest());
      await networkHelpers.time.setNextBlockTimestamp(leftAt + UNBOND_DELAY);
      await expect(join()).to.be.revertedWithCustomError(committee, "Committee_Full").withArgs(254n);
      await networkHelpers.time.setNextBlockTimestamp(leftAt + UNBOND_DELAY + 1n);
      await gas.record("join as the 255th on a used number", join());
      expect(await committee.memberOf(next.address)).to.equal(77n);
      expect(await committee.memberOf(leaver.address)).to.equal(0n);
      await expect(committee.connect(leaver).join(leaver.address, URL_A)).to.be.revertedWithCustomError(
        committee,
        "Committee_Full",
      );
      await gas.record("resign from 255", committee.connect(await impersonate(200)).resign());
    });
  });

  describe("evict", () => {
    it("removes whoever took bond away, by anyone's hand (COMMITTEE-6)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, bonds, operator, other } = storage;
      await joinAs(storage, operator);
      await expect(committee.connect(other).evict(operator.address))
        .to.be.revertedWithCustomError(committee, "Committee_SufficientBond")
        .withArgs(operator.address, NODE_BOND, NODE_BOND);
      await bonds.connect(operator).unbond(await committee.getAddress(), 1n);
      await expect(committee.connect(other).evict(operator.address))
        .to.emit(committee, "MemberLeft")
        .withArgs(1n, operator.address);
      expect(countOf(await ownersOf(storage), 0)).to.equal(256);
      await expect(committee.evict(operator.address)).to.be.revertedWithCustomError(
        committee,
        "Committee_NotMember",
      );
    });

    it("goes by the bond of the joining day, or today's if that is less (COMMITTEE-6)", async () => {
      const storage = await networkHelpers.loadFixture(deploy);
      const { committee, bonds, parameters, operator, other } = storage;
      await joinAs(storage, operator);
      await parameters.set(BOND, 2n * NODE_BOND);
      await networkHelpers.time.increase(DAY);
      await expect(committee.evict(operator.address))
        .to.be.revertedWithCustomError(committee, "Committee_SufficientBond")
        .withArgs(operator.address, NODE_BOND, NODE_BOND);
      await bondUp(storage, other);
      await expect(committee.connect(other).join(other.address, URL_A))
        .to.be.revertedWithCustomError(committee, "Committee_InsufficientBond")
        .withArgs(other.address, NODE_BOND, 2n * NODE_BOND);

      await parameters.set(BOND, NODE_BOND / 2n);
      await networkHelpers.time.increase(DAY);
      await bonds.connect(operator).unbond(await committee.getAddress(), NODE_BOND / 2n);
      await expect(committee.evict(operator.address)).to.be.revertedWithCustomError(
        committee,
        "Committee_SufficientBond",
      );
      await bonds.connect(operator).unbond(await committee.getAddress(), 1n);
      await committee.evict(operator.address);
    });
  });
});
