import { expect } from "chai";
import { network } from "hardhat";
import { auditClock, commit, Stage, Standing } from "./auditClock.ts";
import { BPS, CRANK_BPS, CRANK_REWARD, deployAudits, MAX, seatMember, WINDOW } from "./audited.ts";
import { deployWithBatch, publish, SHAPE, seatsOf } from "./auditedBatches.ts";
import { openingsOf, workOf } from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);

const deploy = () => deployWithBatch(ethers, clock);

/** What a seat with 32 slots gets of a budget, when its committee has `live` of `total` live units. */
const rewardOf = (budget: bigint, live: bigint, total: bigint) =>
  (budget * 32n * live * (BPS - CRANK_BPS)) / (256n * total * BPS);

describe("StorageAudits", () => {
  it("pays who answers its share of the budget to the wei, and gives the rest back (AUDIT-1)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, endowment, log, committees, batches, members, anyone } = world;
    await committees.open();
    // Another committee has as many units again, and a few: nobody proves them.
    const units = batches[0]!.layout.units;
    await log.append(
      { root: ethers.id("other"), committee: 1n, segments: 9, units: units + 7n, months: 1 },
      MAX,
    );
    const epoch = await clock.start(world);
    const [node] = members;
    const work = await workOf(world, node!, batches);
    await expect(commit(world, node!, work))
      .to.emit(audits, "SamplesCommitted")
      .withArgs(
        epoch,
        0n,
        node!.seat,
        node!.operator.address,
        ethers.hexlify(work.tree.root()),
        ethers.hexlify(work.sheet.nodeSeed),
        units,
        work.sheet.liable,
      );
    expect(await audits.standingOf(epoch, 0n, node!.seat)).to.equal(Standing.Committed);
    await clock.challenge(world, epoch);
    await expect(audits.answer(work.sheet, await openingsOf(world, work, batches)))
      .to.emit(audits, "SamplesProven")
      .withArgs(epoch, 0n, node!.seat, 2n);
    expect(await audits.standingOf(epoch, 0n, node!.seat)).to.equal(Standing.Answered);

    const budget = await endowment.budgetOf(epoch);
    const reward = rewardOf(budget, units, 2n * units + 7n);
    expect(reward).to.be.greaterThan(0n);
    await expect(audits.settle(epoch, 0n, seatsOf([node!])))
      .to.emit(audits, "SeatRewarded")
      .withArgs(epoch, 0n, node!.seat, node!.operator.address, reward);
    expect(await endowment.owed(node!.operator.address)).to.equal(reward);
    expect(await audits.standingOf(epoch, 0n, node!.seat)).to.equal(Standing.Paid);
    expect(await audits.settledSeats(epoch, 0n)).to.equal(seatsOf([node!]));

    await clock.pass(2n * WINDOW + 1n);
    const left = await endowment.leftOf(epoch);
    expect(left).to.equal(budget - reward - 4n * CRANK_REWARD);
    await expect(audits.close(epoch))
      .to.emit(audits, "AuditClosed")
      .withArgs(epoch, left - CRANK_REWARD);
    expect(await endowment.owed(anyone.address)).to.equal(5n * CRANK_REWARD);
  });

  it("pays a whole committee no more than the budget (AUDIT-2)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, endowment, batches, members } = world;
    const epoch = await clock.start(world);
    const works = [];
    for (const member of members) {
      const work = await workOf(world, member, batches);
      await commit(world, member, work);
      works.push(work);
    }
    await clock.challenge(world, epoch);
    for (const work of works) await audits.answer(work.sheet, await openingsOf(world, work, batches));
    await audits.settle(epoch, 0n, 2n ** 256n - 1n);
    const budget = await endowment.budgetOf(epoch);
    for (const { operator } of members)
      expect(await endowment.owed(operator.address)).to.equal(rewardOf(budget, 1n, 1n));
    await clock.pass(2n * WINDOW + 1n);
    await audits.close(epoch);
    expect((await audits.auditOf(epoch)).stage).to.equal(Stage.Closed);
  });

  it("lets the signer commit for its operator, and anybody carry the answer (AUDIT-3)", async () => {
    const world = await deployAudits(ethers);
    const { audits, anyone, publisher } = world;
    for (let i = 0; i < 8; i++) await seatMember(world, i === 0 ? anyone.address : undefined);
    await clock.nextEpoch();
    const batch = await publish(world, { shape: SHAPE, segments: 1, months: 1, signers: world.members });
    const epoch = await clock.start(world);
    const [node] = world.members;
    const work = await workOf(world, node!, [batch]);
    const root = work.tree.root();
    await expect(audits.connect(publisher).commit(epoch, 0n, node!.seat, root))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NotTheMember")
      .withArgs(0n, node!.seat, publisher.address);
    await audits.connect(anyone).commit(epoch, 0n, node!.seat, root);
    await clock.challenge(world, epoch);
    await audits.connect(publisher).answer(work.sheet, await openingsOf(world, work, [batch]));
    expect(await audits.standingOf(epoch, 0n, node!.seat)).to.equal(Standing.Answered);
  });

  it("audits who has handed its slots over until the epoch after (AUDIT-4)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, committees, batches, members } = world;
    const [leaver] = members;
    await clock.nextEpoch();
    await committees.connect(leaver!.operator).resign();
    const epoch = await clock.start(world);
    const work = await workOf(world, leaver!, batches);
    expect(work.sheet.liable).to.not.equal(0n);
    await commit(world, leaver!, work);
    await clock.challenge(world, epoch);
    await audits.answer(work.sheet, await openingsOf(world, work, batches));
    await audits.settle(epoch, 0n, seatsOf([leaver!]));
    expect(await audits.standingOf(epoch, 0n, leaver!.seat)).to.equal(Standing.Paid);

    const next = await clock.start(world);
    await expect(audits.connect(leaver!.operator).commit(next, 0n, leaver!.seat, ethers.id("root")))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NotLiable")
      .withArgs(next, 0n, leaver!.seat);
    await clock.challenge(world, next);
    await clock.pass(WINDOW + 1n);
    await expect(audits.settle(next, 0n, seatsOf([leaver!])))
      .to.be.revertedWithCustomError(audits, "StorageAudits_AlreadySettled")
      .withArgs(next, 0n, seatsOf([leaver!]));
  });

  it("asks nothing of a committee without units (AUDIT-5)", async () => {
    const world = await deployAudits(ethers);
    const { audits } = world;
    for (let i = 0; i < 8; i++) await seatMember(world);
    await clock.nextEpoch();
    const epoch = await clock.start(world);
    const [node] = world.members;
    await expect(audits.connect(node!.operator).commit(epoch, 0n, node!.seat, ethers.id("root")))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NothingToProve")
      .withArgs(epoch, 0n);
    await clock.challenge(world, epoch);
    await clock.pass(WINDOW + 1n);
    await expect(audits.settle(epoch, 0n, seatsOf([node!])))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NothingToProve")
      .withArgs(epoch, 0n);
  });
});
