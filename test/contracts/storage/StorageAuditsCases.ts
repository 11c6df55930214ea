import { expect } from "chai";
import { network } from "hardhat";
import { packOpenings, type SampleOpening } from "../../../keepers/storage/audits/openings.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import { auditClock, commit, Standing } from "./auditClock.ts";
import { CRANK_REWARD, type Member, WINDOW } from "./audited.ts";
import { seatsOf } from "./auditedBatches.ts";
import { openedPair, openingsOf, type ValueOf, workOf } from "./auditedNode.ts";
import { asked, deployCases, file, filingOf, numbersBut, proofOf, show, type World } from "./filed.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Recoverability");
const deploy = () => deployCases(ethers, clock);

const SEGMENTS = [0, 1, 2];
const nothing: ValueOf = () => new Uint8Array(32);

/** The lot decides how long it takes to find the slots and how many seats are asked. */
const OF_A_DRAW_PERCENT = 15n;

/** Case that a member's answers name, by the segment it is about. */
type Cases = ReadonlyMap<number, bigint>;

/** A member files against each segment of the one batch and has lost all of it. */
async function fileAll(world: World, member: Member): Promise<Cases> {
  const ids = new Map<number, bigint>();
  for (const segment of SEGMENTS) ids.set(segment, await file(world, member, segment));
  return ids;
}

describe("StorageAudits and cases", () => {
  it("take samples of a segment that a seat has filed against for void, for it alone (AUDIT-22)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, members } = world;
    const [filer, copier] = members as [Member, Member];
    const epoch = await clock.start(world);
    const named = await fileAll(world, filer);
    const work = await workOf(world, filer, world.batches, { value: nothing });
    const other = await workOf(world, copier, world.batches, { value: nothing });
    await commit(world, filer, work);
    await commit(world, copier, other);
    await clock.challenge(world, epoch);
    const answer = async (of: typeof work, bend = (id: bigint) => id) => {
      const { even, odd, siblings } = await openedPair(world, of, world.batches);
      const byCase = ([opening]: SampleOpening): SampleOpening => {
        if (opening?.kind !== "row") throw new Error("an honest node opens rows");
        return [{ kind: "case", batch: opening.batch, id: bend(named.get(opening.segment)!) }];
      };
      return audits.answer(of.sheet, packOpenings(byCase(even), byCase(odd), siblings));
    };
    for (const call of [answer(other), answer(work, (id) => (id % 3n) + 1n), answer(work, () => 0n)])
      await expect(call).to.be.revertedWithCustomError(audits, "StorageAudits_NotVoidByCase");
    await expect(answer(work)).to.emit(audits, "SamplesProven").withArgs(epoch, 0n, filer.seat, 0n);
    await expect(audits.settle(epoch, 0n, seatsOf([filer])))
      .to.emit(audits, "SeatRewarded")
      .withArgs(epoch, 0n, filer.seat, filer.operator.address, 0n);
  });

  it("pay nobody who has been found silent, and count one miss an epoch (AUDIT-23)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, cases, endowment, members, anyone } = world;
    const [filer, silent, absent] = members as [Member, Member, Member];
    const epoch = await clock.start(world);
    const id = await asked(world, clock, filer);
    const work = await workOf(world, silent, world.batches);
    await commit(world, silent, work);
    await show(world, id, await numbersBut(world, id, [silent, absent]));
    await clock.challenge(world, epoch);
    await audits.answer(work.sheet, await openingsOf(world, work, world.batches));
    expect(await audits.standingOf(epoch, 0n, silent.seat)).to.equal(Standing.Answered);
    await cases.resolve(id);
    expect(await audits.standingOf(epoch, 0n, silent.seat)).to.equal(Standing.Missed);
    expect(await audits.standingOf(epoch, 0n, absent.seat)).to.equal(Standing.None);

    await clock.pass(WINDOW + 1n);
    const before = await endowment.owed(anyone.address);
    const settled = audits.settle(epoch, 0n, seatsOf([silent, absent, filer]));
    await expect(settled)
      .to.emit(audits, "SeatMissed")
      .withArgs(epoch, 0n, filer.seat, filer.operator.address, 1n, 0n);
    await expect(settled).not.to.emit(audits, "SeatRewarded");
    // One miss is new, and paid for.
    expect((await endowment.owed(anyone.address)) - before).to.equal(CRANK_REWARD);
    for (const { operator, seat } of [silent, absent, filer]) {
      expect(await audits.missesOf(operator.address)).to.deep.equal([1n, epoch]);
      expect(await audits.standingOf(epoch, 0n, seat)).to.equal(Standing.Missed);
      expect(await endowment.owed(operator.address)).to.equal(0n);
    }
  });

  it("records the gas of a case (CASE-13)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members } = world;
    const [filer] = members as [Member];
    await clock.start(world);
    const filing = await filingOf(world, filer);
    await gas.record("file", cases.connect(filer.operator).file(filing));
    const lost = await file(world, filer, 1);
    await clock.pastDraw();
    await gas.record("ask", cases.ask(1n), OF_A_DRAW_PERCENT);
    await cases.ask(lost);
    const { row, path, rlcRoot } = await proofOf(world, 1n, 0);
    await gas.record("show a row of 128 bytes", cases.show(1n, 0, row, path, rlcRoot));
    await show(world, 1n, [...Array(32).keys()].slice(1));
    await gas.record("resolve, all rows shown", cases.resolve(1n), OF_A_DRAW_PERCENT);
    await networkHelpers.time.increaseTo((await cases.caseOf(lost)).deadline + 1n);
    await gas.record("resolve, no row shown, seven owners silent", cases.resolve(lost), OF_A_DRAW_PERCENT);
    await gas.record("collect", cases.connect(filer.operator).collect(filer.operator.address));
  });
});
