import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { auditClock, commit, Stage } from "./auditClock.ts";
import { BPS, CRANK_BPS, CRANK_REWARD, EPOCH, WINDOW } from "./audited.ts";
import { deployWithBatch, seatsOf } from "./auditedBatches.ts";
import { openingsOf, workOf } from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const deploy = () => deployWithBatch(ethers, clock);

describe("Stages of StorageAudits", () => {
  it("go through an epoch in order, paying whoever turns the cranks (AUDIT-12)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, beacon, endowment, anyone } = world;
    const refused = (call: Promise<unknown>, error: string, ...args: unknown[]) =>
      expect(call)
        .to.be.revertedWithCustomError(audits, `StorageAudits_${error}`)
        .withArgs(...args);
    const epoch = await clock.nextEpoch();
    await refused(audits.open(epoch - 1n), "NotCurrentEpoch", epoch - 1n, epoch);
    await refused(audits.open(epoch + 1n), "NotCurrentEpoch", epoch + 1n, epoch);
    await refused(audits.seed(epoch), "WrongStage", epoch, Stage.None, Stage.Seeding);

    const opened = await audits.open(epoch);
    const budget = await endowment.budgetOf(epoch);
    const draw = await beacon.draws();
    await expect(opened).to.emit(audits, "AuditOpened").withArgs(epoch, draw, budget);
    await expect(opened).to.emit(audits, "CrankPaid").withArgs(epoch, anyone.address, CRANK_REWARD);
    await refused(audits.open(epoch), "WrongStage", epoch, Stage.Seeding, Stage.None);
    const audit = await audits.auditOf(epoch);
    expect([audit.budget, audit.crankBps]).to.deep.equal([budget, CRANK_BPS]);
    expect(audit.crankLeft).to.equal((budget * CRANK_BPS) / BPS - CRANK_REWARD);

    await expect(audits.seed(epoch)).to.be.revertedWithCustomError(beacon, "Beacon_NotReady");
    await clock.pastDraw();
    await audits.seed(epoch);
    const { seedA, deadline } = await audits.auditOf(epoch);
    expect(seedA).to.equal((await beacon.stateOf(draw)).seed);
    expect(deadline).to.equal((await clock.now()) + WINDOW);
    await refused(audits.draw(epoch), "TooEarly", epoch, deadline);
    await refused(audits.challenge(epoch), "WrongStage", epoch, Stage.Committing, Stage.Drawing);

    await clock.pass(WINDOW + 1n);
    await audits.draw(epoch);
    await clock.pastDraw();
    await audits.challenge(epoch);
    const answering = await audits.auditOf(epoch);
    expect(answering.seedB).to.equal((await beacon.stateOf(draw + 1n)).seed);
    expect(answering.deadline).to.equal((await clock.now()) + WINDOW);
    expect(answering.settleUntil).to.equal(answering.deadline + WINDOW);
    await refused(audits.close(epoch), "TooEarly", epoch, answering.settleUntil);
    await clock.pass(2n * WINDOW + 1n);
    await audits.close(epoch);
    await refused(audits.close(epoch), "WrongStage", epoch, Stage.Closed, Stage.Answering);
    await refused(audits.settle(epoch, 0n, 2n), "WrongStage", epoch, Stage.Closed, Stage.Answering);
    expect(await endowment.owed(anyone.address)).to.equal(5n * CRANK_REWARD);
    expect(await endowment.leftOf(epoch)).to.equal(0n);
  });

  it("take a draw that somebody else has fulfilled (AUDIT-12)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, beacon } = world;
    const epoch = await clock.nextEpoch();
    await audits.open(epoch);
    await clock.pastDraw();
    await beacon.fulfil(await beacon.draws());
    await audits.seed(epoch);
    expect((await audits.auditOf(epoch)).stage).to.equal(Stage.Committing);
  });

  for (const lost of ["first", "second"])
    it(`end without blame when the ${lost} draw is lost (AUDIT-13)`, async () => {
      const world = await networkHelpers.loadFixture(deploy);
      const { audits, beacon, endowment, members } = world;
      const epoch = await clock.nextEpoch();
      await audits.open(epoch);
      if (lost === "second") {
        await clock.pastDraw();
        await audits.seed(epoch);
        await clock.pass(WINDOW + 1n);
        await audits.draw(epoch);
      }
      await expect(audits.void(epoch))
        .to.be.revertedWithCustomError(audits, "StorageAudits_NotLost")
        .withArgs(epoch);
      // Nobody fulfils it while its block is known.
      await networkHelpers.mine(300);
      const call = lost === "first" ? audits.seed(epoch) : audits.challenge(epoch);
      await expect(call).to.be.revertedWithCustomError(beacon, "Beacon_NotReady");
      const left = (await endowment.leftOf(epoch)) - CRANK_REWARD;
      await expect(audits.void(epoch)).to.emit(audits, "AuditVoided").withArgs(epoch, left);
      await expect(audits.settle(epoch, 0n, seatsOf(members)))
        .to.be.revertedWithCustomError(audits, "StorageAudits_WrongStage")
        .withArgs(epoch, Stage.Void, Stage.Answering);
      await expect(audits.void(epoch)).to.be.revertedWithCustomError(audits, "StorageAudits_NotLost");
    });

  it("end without blame when the epoch is over first, and the next audit isn't held up (AUDIT-13)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, batches, members } = world;
    const late = await clock.start(world);
    const next = await clock.nextEpoch();
    await expect(audits.draw(late))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NotCurrentEpoch")
      .withArgs(late, next);
    await audits.open(next);
    await audits.void(late);
    await clock.pastDraw();
    await audits.seed(next);
    const work = await workOf(world, members[0]!, batches);
    await commit(world, members[0]!, work);
    await clock.challenge(world, next);
    await audits.answer(work.sheet, await openingsOf(world, work, batches));
    await expect(audits.void(next))
      .to.be.revertedWithCustomError(audits, "StorageAudits_NotLost")
      .withArgs(next);
  });

  it("have windows of a quarter of an epoch at most (AUDIT-14)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, parameters } = world;
    await parameters.set(encodeBytes32String("storage.commitWindow"), EPOCH * 10n);
    await parameters.set(encodeBytes32String("storage.openWindow"), EPOCH * 10n);
    const epoch = await clock.start(world);
    expect((await audits.auditOf(epoch)).deadline).to.equal((await clock.now()) + EPOCH / 4n);
    await clock.pass(EPOCH / 4n);
    await audits.draw(epoch);
    await clock.pastDraw();
    await audits.challenge(epoch);
    const { deadline, settleUntil } = await audits.auditOf(epoch);
    expect(deadline).to.equal((await clock.now()) + EPOCH / 4n);
    expect(settleUntil - deadline).to.equal(EPOCH / 4n);
  });

  it("pay cranks no more than was set aside (AUDIT-12)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, endowment, parameters, anyone } = world;
    await parameters.set(encodeBytes32String("storage.crankReward"), 10n ** 30n);
    const epoch = await clock.start(world);
    const budget = await endowment.budgetOf(epoch);
    await clock.challenge(world, epoch);
    await clock.pass(2n * WINDOW + 1n);
    await audits.close(epoch);
    expect(await endowment.owed(anyone.address)).to.equal((budget * CRANK_BPS) / BPS);
  });
});
