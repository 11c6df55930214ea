import { expect } from "chai";
import { network } from "hardhat";
import { auditClock, commit, Standing } from "./auditClock.ts";
import {
  type Audited,
  BPS,
  CRANK_REWARD,
  type Member,
  MISSES_ALLOWED,
  NODE_BOND,
  REPORTER_BPS,
  SLASH_BPS,
  WINDOW,
} from "./audited.ts";
import { deployWithBatch, seatsOf } from "./auditedBatches.ts";
import { openingsOf, workOf } from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const deploy = () => deployWithBatch(ethers, clock);

/** An epoch in which a member does nothing, up to where it may be blamed. */
async function missed(world: Audited): Promise<bigint> {
  const epoch = await clock.start(world);
  await clock.challenge(world, epoch);
  await clock.pass(WINDOW + 1n);
  return epoch;
}

const cutOf = (bond: bigint) => (bond * SLASH_BPS) / BPS;

describe("Blame by StorageAudits", () => {
  it("comes after the window and for as long again (AUDIT-16)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, members } = world;
    const [member] = members as [Member];
    const epoch = await clock.start(world);
    await clock.challenge(world, epoch);
    const blame = () => audits.settle(epoch, 0n, seatsOf([member]));
    const refuse = () =>
      expect(blame())
        .to.be.revertedWithCustomError(audits, "StorageAudits_AlreadySettled")
        .withArgs(epoch, 0n, seatsOf([member]));
    await refuse();
    const { settleUntil } = await audits.auditOf(epoch);
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.time.increaseTo(settleUntil);
    await refuse();
    await snapshot.restore();
    await networkHelpers.time.increaseTo(settleUntil - 1n);
    await blame();
    expect(await audits.standingOf(epoch, 0n, member.seat)).to.equal(Standing.Missed);
  });

  it("costs the reward first, then bond at every miss, and then the place (AUDIT-17)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, bonds, committees, endowment, treasury, token, members, anyone } = world;
    const [member] = members as [Member];
    const operator = member.operator.address;
    for (let misses = 1n; misses <= MISSES_ALLOWED; misses++) {
      const epoch = await missed(world);
      await expect(audits.settle(epoch, 0n, seatsOf([member])))
        .to.emit(audits, "SeatMissed")
        .withArgs(epoch, 0n, member.seat, operator, misses, 0n);
    }
    expect(await bonds.allocated(operator, audits)).to.equal(NODE_BOND);
    await expect(committees.evict(operator)).to.be.revertedWithCustomError(
      committees,
      "Committees_SufficientBond",
    );

    let bond = NODE_BOND;
    for (let more = 1n; more <= 2n; more++) {
      const epoch = await missed(world);
      const before = await endowment.owed(anyone.address);
      const [held, reported] = [await token.balanceOf(treasury), await bonds.owed(anyone.address)];
      await expect(audits.settle(epoch, 0n, seatsOf([member])))
        .to.emit(audits, "SeatMissed")
        .withArgs(epoch, 0n, member.seat, operator, MISSES_ALLOWED + more, cutOf(bond));
      const forReporter = (cutOf(bond) * REPORTER_BPS) / BPS;
      expect((await bonds.owed(anyone.address)) - reported).to.equal(forReporter);
      expect((await token.balanceOf(treasury)) - held).to.equal(cutOf(bond) - forReporter);
      expect((await endowment.owed(anyone.address)) - before).to.equal(CRANK_REWARD);
      bond -= cutOf(bond);
      expect(await bonds.allocated(operator, audits)).to.equal(bond);
    }
    expect(await audits.missesOf(operator)).to.deep.equal([
      MISSES_ALLOWED + 2n,
      (await clock.now()) / 3_600n,
    ]);
    expect(await endowment.owed(operator)).to.equal(0n);
    await expect(committees.connect(anyone).evict(operator)).to.emit(committees, "MemberLeft");
  });

  it("reaches bond that is on its way out (AUDIT-17)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, bonds, members } = world;
    const [member] = members as [Member];
    await bonds.connect(member.operator).unbond(audits, NODE_BOND);
    for (let misses = 1n; misses <= MISSES_ALLOWED + 1n; misses++)
      await audits.settle(await missed(world), 0n, seatsOf([member]));
    expect(await bonds.slashable(member.operator.address, audits)).to.equal(NODE_BOND - cutOf(NODE_BOND));
  });

  it("forgets misses at an answer, in whatever order epochs are settled (AUDIT-18)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, batches, members } = world;
    const [member] = members as [Member];
    const operator = member.operator.address;
    for (let i = 0n; i < MISSES_ALLOWED; i++) await audits.settle(await missed(world), 0n, seatsOf([member]));
    expect((await audits.missesOf(operator)).misses).to.equal(MISSES_ALLOWED);

    const epoch = await clock.start(world);
    const work = await workOf(world, member, batches);
    await commit(world, member, work);
    await clock.challenge(world, epoch);
    await audits.answer(work.sheet, await openingsOf(world, work, batches));
    // The answer is settled after the next epoch's miss.
    const next = await missed(world);
    await expect(audits.settle(next, 0n, seatsOf([member])))
      .to.emit(audits, "SeatMissed")
      .withArgs(next, 0n, member.seat, operator, 1n, 0n);
    await audits.settle(epoch, 0n, seatsOf([member]));
    expect(await audits.standingOf(epoch, 0n, member.seat)).to.equal(Standing.Paid);
  });

  it("settles each seat once: many together, paid and blamed (AUDIT-19)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, endowment, batches, members } = world;
    const [honest, ...idle] = members as [Member, ...Member[]];
    const epoch = await clock.start(world);
    const work = await workOf(world, honest, batches);
    await commit(world, honest, work);
    await clock.challenge(world, epoch);
    await audits.answer(work.sheet, await openingsOf(world, work, batches));
    await clock.pass(WINDOW + 1n);
    const all = 2n ** 256n - 1n;
    await audits.settle(epoch, 0n, all);
    expect(await audits.settledSeats(epoch, 0n)).to.equal(seatsOf(members));
    for (const { operator, seat } of idle) {
      expect((await audits.missesOf(operator.address)).misses).to.equal(1n);
      expect(await audits.standingOf(epoch, 0n, seat)).to.equal(Standing.Missed);
    }
    const paid = await endowment.owed(honest.operator.address);
    for (const seats of [all, seatsOf(members), 0n])
      await expect(audits.settle(epoch, 0n, seats))
        .to.be.revertedWithCustomError(audits, "StorageAudits_AlreadySettled")
        .withArgs(epoch, 0n, seats);
    expect(await endowment.owed(honest.operator.address)).to.equal(paid);
  });
});
