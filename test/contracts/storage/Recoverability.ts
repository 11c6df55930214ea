import { expect } from "chai";
import { network } from "hardhat";
import { rowsAsked } from "../../../keepers/storage/cases/rowsAsked.ts";
import { auditClock } from "./auditClock.ts";
import { FILING_DEPOSIT, type Member, MISSES_ALLOWED, NODE_BOND, WINDOW } from "./audited.ts";
import {
  asked,
  deployCases,
  file,
  filingOf,
  numbersBut,
  seatsAsked,
  show,
  Verdict,
  type World,
} from "./filed.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const deploy = () => deployCases(ethers, clock);

const NEEDED = 16;
const ALL = [...Array(32).keys()];

/** What the contract holds is what it owes and what open cases have put down. */
async function expectCovered({ cases, token, members }: World, open: bigint): Promise<void> {
  let owed = 0n;
  for (const { operator } of members) owed += await cases.owed(operator.address);
  expect(await cases.totalHeld()).to.equal(owed + open * FILING_DEPOSIT);
  expect(await token.balanceOf(cases)).to.equal(await cases.totalHeld());
}

async function verdictOf({ cases }: World, id: bigint): Promise<bigint> {
  return (await cases.caseOf(id)).verdict;
}

/** Whether a case makes the first unit of its segment void for a member in an epoch. */
async function isVoid({ cases }: World, id: bigint, member: Member, epoch: bigint): Promise<boolean> {
  const { committee, firstUnit } = await cases.caseOf(id);
  return cases.isVoid(id, epoch, committee, member.seat, firstUnit);
}

describe("Recoverability", () => {
  it("asks for rows of 32 slots that others answer for, where the beacon says (CASE-2)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, committees, token, members, batches } = world;
    const [filer] = members as [Member];
    const epoch = await clock.start(world);
    const before = await token.balanceOf(filer.operator.address);
    const filing = await filingOf(world, filer, 1);
    await expect(cases.connect(filer.operator).file(filing))
      .to.emit(cases, "CaseFiled")
      .withArgs(1n, 0n, 1n, filer.operator.address, filing.commitment, (draw: bigint) => draw > 0n);
    expect(before - (await token.balanceOf(filer.operator.address))).to.equal(FILING_DEPOSIT);
    expect(await cases.latestCase(0n, 1n, filer.seat)).to.equal(1n);
    await expectCovered(world, 1n);
    await clock.pastDraw();
    await expect(cases.ask(1n)).to.emit(cases, "CaseAsked");

    const { seed, mask, firstUnit, units } = await cases.caseOf(1n);
    const { commitment, start } = batches[0]!.layout.segments[1]!;
    expect([firstUnit, units]).to.deep.equal([start, 4n]);
    expect(mask).to.equal(~(await committees.liableSlots(0n, filer.seat, epoch)) & (2n ** 256n - 1n));
    const rows = rowsAsked(seed, mask, { offset: commitment[0]!, rowsPerStrip: 2 });
    expect((await cases.rowsOf(1n)).map(Number)).to.deep.equal(rows.map(({ row }) => row));
    const seats = await seatsAsked(world, 1n);
    for (const [i, { slot }] of rows.entries()) {
      const liable = await committees.liableSlots(0n, seats[i]!, epoch);
      expect((liable >> BigInt(slot)) & 1n).to.equal(1n);
    }
  });

  it("costs who says it wrongly the deposit, and no more: the owners who show rows get it (CASE-3)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, cases, members, token } = world;
    const [filer] = members as [Member];
    const epoch = await clock.start(world);
    const id = await asked(world, clock, filer);
    await show(world, id, ALL);
    // All are shown: nobody has to wait.
    await expect(cases.resolve(id))
      .to.emit(cases, "CaseResolved")
      .withArgs(id, Verdict.Recoverable, 2n ** 32n - 1n);
    const part = FILING_DEPOSIT / 32n;
    const seats = await seatsAsked(world, id);
    for (const { operator, seat } of members.slice(1)) {
      const rows = BigInt(seats.filter((one) => one === seat).length);
      expect(await cases.owed(operator.address)).to.equal(rows * part);
    }
    expect(await cases.owed(filer.operator.address)).to.equal(FILING_DEPOSIT % 32n);
    await expectCovered(world, 0n);
    for (const { operator } of members) {
      expect((await audits.missesOf(operator.address)).misses).to.equal(0n);
      const owed = await cases.owed(operator.address);
      const before = await token.balanceOf(operator.address);
      await cases.connect(operator).collect(operator.address);
      expect((await token.balanceOf(operator.address)) - before).to.equal(owed);
      await expect(cases.connect(operator).collect(operator.address)).not.to.emit(cases, "CreditCollected");
    }
    expect(await cases.totalHeld()).to.equal(0n);
    // In its epoch the segment was void for the filer, and for nobody else; afterwards it isn't.
    expect(await isVoid(world, id, filer, epoch)).to.equal(true);
    expect(await isVoid(world, id, members[1]!, epoch)).to.equal(false);
    expect(await isVoid(world, id, filer, epoch + 1n)).to.equal(false);
  });

  it("gives the deposit back when fewer rows are shown than a segment takes (CASE-4)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members } = world;
    const [filer, other] = members as [Member, Member];
    const epoch = await clock.start(world);
    const [lost, whole] = [await asked(world, clock, filer, 0), await asked(world, clock, filer, 1)];
    await show(world, lost, ALL.slice(0, NEEDED - 1));
    await show(world, whole, ALL.slice(32 - NEEDED));
    await expect(cases.resolve(lost)).to.be.revertedWithCustomError(cases, "Recoverability_TooEarly");
    await clock.pass(WINDOW + 1n);
    await cases.resolve(lost);
    await cases.resolve(whole);
    expect(await verdictOf(world, lost)).to.equal(Verdict.Unrecoverable);
    expect(await verdictOf(world, whole)).to.equal(Verdict.Recoverable);
    expect(await cases.owed(filer.operator.address)).to.equal(
      FILING_DEPOSIT + (FILING_DEPOSIT % BigInt(NEEDED)),
    );
    await expectCovered(world, 0n);
    // Void for the filer for good, and never for anybody else: nobody deletes another's segment.
    for (const later of [0n, 1n, 1_000n]) {
      expect(await isVoid(world, lost, filer, epoch + later)).to.equal(true);
      expect(await isVoid(world, lost, other, epoch + later)).to.equal(false);
    }
    expect(await isVoid(world, lost, filer, epoch - 1n)).to.equal(false);
    const { firstUnit, units } = await cases.caseOf(lost);
    expect(await cases.isVoid(lost, epoch, 0n, filer.seat, firstUnit + units - 1n)).to.equal(true);
    expect(await cases.isVoid(lost, epoch, 0n, filer.seat, firstUnit + units)).to.equal(false);
    expect(await cases.isVoid(lost, epoch, 1n, filer.seat, firstUnit)).to.equal(false);
  });

  it("counts silence as a miss, once an epoch, for who hasn't filed itself (CASE-5)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, cases, members, bonds } = world;
    const [filer, also, ...others] = members as [Member, Member, ...Member[]];
    let [epoch, misses] = [0n, 0n];
    for (; misses <= MISSES_ALLOWED; ) {
      epoch = await clock.start(world);
      const mine = await asked(world, clock, filer, Number(misses));
      // Another new owner hasn't got its rows either, and says so.
      const theirs = await file(world, also, Number(misses));
      await clock.pass(WINDOW + 1n);
      misses++;
      const resolved = cases.resolve(mine);
      for (const { seat, operator } of others)
        await expect(resolved)
          .to.emit(audits, "SeatMissed")
          .withArgs(
            epoch,
            0n,
            seat,
            operator.address,
            misses,
            (cut: bigint) => cut > 0n === misses > MISSES_ALLOWED,
          );
      await cases.ask(theirs);
      await clock.pass(WINDOW + 1n);
      await cases.resolve(theirs);
    }
    for (const { operator } of [filer, also]) {
      expect((await audits.missesOf(operator.address)).misses).to.equal(0n);
      expect(await bonds.allocated(operator.address, audits)).to.equal(NODE_BOND);
    }
    for (const { operator } of others)
      expect((await audits.missesOf(operator.address)).misses).to.equal(MISSES_ALLOWED + 1n);
  });

  it("stands against a quarter that keeps silent, and finds it (CASE-6)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, cases, members } = world;
    const [filer, ...others] = members as [Member, ...Member[]];
    const silent = [filer, ...others.slice(0, 2)];
    const epoch = await clock.start(world);
    const id = await asked(world, clock, filer);
    await show(world, id, await numbersBut(world, id, silent));
    await clock.pass(WINDOW + 1n);
    await cases.resolve(id);
    expect(await verdictOf(world, id)).to.equal(Verdict.Recoverable);
    for (const { operator, seat } of others.slice(0, 2)) {
      expect(await audits.missesOf(operator.address)).to.deep.equal([1n, epoch]);
      expect(await audits.standingOf(epoch, 0n, seat)).to.equal(0n);
    }
    for (const { operator } of others.slice(2))
      expect((await audits.missesOf(operator.address)).misses).to.equal(0n);
  });

  it("sends the deposit of a case that nobody has asked in time to the treasury (CASE-7)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members, token, treasury } = world;
    const [filer] = members as [Member];
    const epoch = await clock.start(world);
    const id = await file(world, filer);
    await clock.pastDraw();
    await clock.nextEpoch();
    await expect(cases.drop(id))
      .to.be.revertedWithCustomError(cases, "Recoverability_CaseStands")
      .withArgs(id);
    const now = await clock.nextEpoch();
    await expect(cases.ask(id))
      .to.be.revertedWithCustomError(cases, "Recoverability_NotCurrentEpoch")
      .withArgs(id, epoch, now);
    const before = await token.balanceOf(treasury);
    await expect(cases.drop(id)).to.emit(cases, "CaseResolved").withArgs(id, Verdict.Dropped, 0n);
    expect((await token.balanceOf(treasury)) - before).to.equal(FILING_DEPOSIT);
    await expectCovered(world, 0n);
    expect(await isVoid(world, id, filer, epoch + 1n)).to.equal(false);
    await expect(cases.drop(id)).to.be.revertedWithCustomError(cases, "Recoverability_WrongVerdict");
  });

  it("is paid for by who floods it, and never owes more than it holds (CASE-8)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members } = world;
    await clock.start(world);
    const ids: bigint[] = [];
    for (const member of members.slice(0, 4))
      for (const segment of [0, 1, 2]) {
        ids.push(await file(world, member, segment));
        await expectCovered(world, BigInt(ids.length));
      }
    await clock.pastDraw();
    for (const id of ids) await cases.ask(id);
    // Here all rows are shown, there some, there none.
    const counts = ids.map((_, i) => (i * 11) % 33);
    for (const [i, id] of ids.entries()) await show(world, id, ALL.slice(0, counts[i]));
    await networkHelpers.time.increaseTo((await cases.caseOf(ids.at(-1)!)).deadline + 1n);
    for (const [i, id] of ids.entries()) {
      await cases.resolve(id);
      const verdict = counts[i]! >= NEEDED ? Verdict.Recoverable : Verdict.Unrecoverable;
      expect(await verdictOf(world, id)).to.equal(verdict);
      await expectCovered(world, BigInt(ids.length - 1 - i));
    }
    for (const { operator } of members) await cases.connect(operator).collect(operator.address);
    expect(await cases.totalHeld()).to.equal(0n);
  });
});
