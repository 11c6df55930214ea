import { expect } from "chai";
import { network } from "hardhat";
import { packOpenings, type SampleOpening } from "../../../keepers/storage/audits/openings.ts";
import { DRAWS } from "../../../keepers/storage/audits/samples.ts";
import { auditClock, commit, Standing } from "./auditClock.ts";
import { type Audited, BPS, CRANK_BPS, type Member } from "./audited.ts";
import { type Batch, deployWithBatch, publish, SHAPE, seatsOf } from "./auditedBatches.ts";
import {
  drawnOf,
  openedPair,
  openingsOf,
  placeOf,
  rowOpening,
  type Unheld,
  voided,
  workOf,
} from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const TERM = { shape: SHAPE, segments: 3, months: 1 };

/** A batch that all have signed, and one as large that the first member hasn't. */
async function deployHalfCovered() {
  const world = await deployWithBatch(ethers, clock);
  const uncovered = await publish(world, { ...TERM, signers: world.members.slice(1) });
  return { ...world, batches: [...world.batches, uncovered], uncovered };
}

/** A batch that has expired, and one as large that hasn't. */
async function deployHalfExpired() {
  const world = await deployWithBatch(ethers, clock);
  const [expired] = world.batches as [Batch];
  // 30 days are 720 epochs, after that of the append.
  await clock.nextEpoch(725n);
  for (let i = 0; i < 3; i++) await world.endowment.roll(256n);
  for (let i = 0; i < 12; i++) await world.log.roll(0n, 64n);
  return { ...world, expired };
}

async function deployMixed() {
  const world = await deployHalfExpired();
  const live = await publish(world, { ...TERM, signers: world.members });
  return { ...world, batches: [...world.batches, live], live };
}

type World = Audited & { batches: Batch[] };

/** A member's audits, epoch after epoch, until the pair drawn is as wanted; that none is in sixty has a chance below 2^-24. */
async function auditUntil(
  world: World,
  { member, unheld }: { member: Member; unheld: Unheld },
  isWanted: (pair: readonly [SampleOpening, SampleOpening]) => boolean,
) {
  for (let i = 0; i < 60; i++) {
    const epoch = await clock.start(world);
    const work = await workOf(world, member, world.batches, unheld);
    await commit(world, member, work);
    await clock.challenge(world, epoch);
    const { even, odd, siblings } = await openedPair(world, work, world.batches, unheld);
    const pair = [even, odd] as const;
    if (isWanted(pair)) return { epoch, work, pair, siblings };
  }
  throw new Error("no epoch has drawn such samples");
}

const isHeld = (opening: SampleOpening) => opening.at(-1)!.kind === "row";

describe("Void samples of StorageAudits", () => {
  it("are no fault, and pay nothing to who never signs (AUDIT-6)", async () => {
    const world = await networkHelpers.loadFixture(deployHalfCovered);
    const { audits, endowment, uncovered } = world;
    const [idler] = world.members as [Member];
    const unheld = { voids: [uncovered] };
    const found = await auditUntil(world, { member: idler, unheld }, (pair) => !pair.some(isHeld));
    const { epoch, work } = found;
    await expect(audits.answer(work.sheet, await openingsOf(world, work, world.batches, unheld)))
      .to.emit(audits, "SamplesProven")
      .withArgs(epoch, 0n, idler.seat, 0n);
    await expect(audits.settle(epoch, 0n, seatsOf([idler])))
      .to.emit(audits, "SeatRewarded")
      .withArgs(epoch, 0n, idler.seat, idler.operator.address, 0n);
    expect(await endowment.owed(idler.operator.address)).to.equal(0n);
    expect(await audits.standingOf(epoch, 0n, idler.seat)).to.equal(Standing.Paid);
    expect((await audits.missesOf(idler.operator.address)).misses).to.equal(0n);
  });

  it("halve the reward when the other sample is a row (AUDIT-6)", async () => {
    const world = await networkHelpers.loadFixture(deployHalfCovered);
    const { audits, endowment, uncovered } = world;
    const [member] = world.members as [Member];
    const unheld = { voids: [uncovered] };
    const isHalf = (pair: readonly SampleOpening[]) => pair.filter(isHeld).length === 1;
    const { epoch, work } = await auditUntil(world, { member, unheld }, isHalf);
    await expect(audits.answer(work.sheet, await openingsOf(world, work, world.batches, unheld)))
      .to.emit(audits, "SamplesProven")
      .withArgs(epoch, 0n, member.seat, 1n);
    await audits.settle(epoch, 0n, seatsOf([member]));
    const half = ((await endowment.budgetOf(epoch)) * 32n * (BPS - CRANK_BPS)) / (2n * 256n * BPS);
    expect(half).to.be.greaterThan(0n);
    expect(await endowment.owed(member.operator.address)).to.equal(half);
  });

  it("aren't those that nobody has signed for, when the node holds the row all the same (AUDIT-6)", async () => {
    const world = await networkHelpers.loadFixture(deployHalfCovered);
    const [member] = world.members as [Member];
    const unsigned = (pair: readonly SampleOpening[]) =>
      pair.every(([opening]) => opening!.batch === world.uncovered.id);
    const { epoch, work } = await auditUntil(world, { member, unheld: {} }, unsigned);
    await expect(world.audits.answer(work.sheet, await openingsOf(world, work, world.batches)))
      .to.emit(world.audits, "SamplesProven")
      .withArgs(epoch, 0n, member.seat, 2n);
  });
});

describe("Samples of expired batches", () => {
  it("give way to the next unit drawn (AUDIT-21)", async () => {
    const world = await networkHelpers.loadFixture(deployMixed);
    const { audits, expired, live } = world;
    const [member] = world.members as [Member];
    const unheld = { expired: [expired] };
    const hasPassed = (pair: readonly SampleOpening[]) => pair[0]!.length > 2;
    const { epoch, work, pair, siblings } = await auditUntil(world, { member, unheld }, hasPassed);
    const [first, second] = pair;
    const [sample] = await drawnOf(world, work);
    const stale = rowOpening(placeOf(world.batches, { ...sample, unit: sample.passed[0]! }));
    const refused = (bent: SampleOpening, error: string) =>
      expect(audits.answer(work.sheet, packOpenings(bent, second, siblings))).to.be.revertedWithCustomError(
        audits,
        `StorageAudits_${error}`,
      );
    await refused([stale], "ExpiredBatch");
    // The first unit passed over isn't the last one's place, and nothing else may stand in for it.
    await refused(first.slice(1), "WrongBatch");
    await refused([...first.slice(0, -1), voided(live)], "NotVoid");
    await expect(audits.answer(work.sheet, packOpenings(first, second, siblings)))
      .to.emit(audits, "SamplesProven")
      .withArgs(epoch, 0n, member.seat, 2n);
  });

  it("are void when sixteen are drawn one after the other (AUDIT-21)", async () => {
    const world = await networkHelpers.loadFixture(deployHalfExpired);
    const { audits, expired } = world;
    const [member] = world.members as [Member];
    const unheld = { expired: [expired] };
    const { epoch, work, pair, siblings } = await auditUntil(world, { member, unheld }, () => true);
    expect(pair.map(({ length }) => length)).to.deep.equal([DRAWS, DRAWS]);
    for (const draws of [DRAWS - 1, DRAWS + 1])
      await expect(
        audits.answer(work.sheet, packOpenings(new Array(draws).fill(voided(expired)), pair[1], siblings)),
      ).to.be.revertedWithCustomError(audits, "StorageAudits_Malformed");
    await audits.answer(work.sheet, packOpenings(...pair, siblings));
    await expect(audits.settle(epoch, 0n, seatsOf([member])))
      .to.emit(audits, "SeatRewarded")
      .withArgs(epoch, 0n, member.seat, member.operator.address, 0n);
  });
});
