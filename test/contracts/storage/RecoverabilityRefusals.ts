import { expect } from "chai";
import { network } from "hardhat";
import { auditClock, commit } from "./auditClock.ts";
import { type Member, WINDOW } from "./audited.ts";
import { publish, SHAPE, seatsOf } from "./auditedBatches.ts";
import { workOf } from "./auditedNode.ts";
import { asked, deployCases, file, filingOf, proofOf, show, Verdict, type World } from "./filed.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const deploy = () => deployCases(ethers, clock);

type Filing = Awaited<ReturnType<typeof filingOf>>;

function refused({ cases }: World, call: Promise<unknown>, error: string) {
  return expect(call).to.be.revertedWithCustomError(cases, `Recoverability_${error}`);
}

describe("Refusals of Recoverability", () => {
  it("takes cases in the commit window alone, of members that haven't committed (CASE-9)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, audits, members, batches, publisher, committees } = world;
    const [filer, late, leaver] = members as [Member, Member, Member];
    const by = (member: Member, filing: Filing) => cases.connect(member.operator).file(filing);
    const epoch = await clock.nextEpoch();
    await refused(world, by(filer, await filingOf(world, filer)), "NotInTime").withArgs(epoch, filer.seat);
    await audits.open(epoch);
    await clock.pastDraw();
    await audits.seed(epoch);
    const filing = await filingOf(world, filer);
    await refused(world, cases.connect(publisher).file(filing), "NotTheMember").withArgs(
      0n,
      filer.seat,
      publisher.address,
    );
    await by(filer, filing);
    await refused(world, by(filer, filing), "AlreadyFiled").withArgs(1n);
    await commit(world, late, await workOf(world, late, batches));
    await refused(world, by(late, await filingOf(world, late)), "NotInTime").withArgs(epoch, late.seat);
    await clock.pass(WINDOW + 1n);
    await refused(world, by(leaver, await filingOf(world, leaver)), "NotInTime").withArgs(epoch, leaver.seat);

    await committees.connect(leaver.operator).resign();
    await clock.nextEpoch();
    await clock.start(world);
    const gone = await filingOf(world, leaver);
    await refused(world, by(leaver, gone), "NotLiable").withArgs(gone.epoch, 0n, leaver.seat);
  });

  it("takes cases about segments of the log alone, that others still have to hold (CASE-10)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members } = world;
    const [filer] = members as [Member];
    const unsigned = await publish(world, { shape: SHAPE, segments: 3, months: 1, signers: [] });
    await clock.start(world);
    const filing = await filingOf(world, filer, 1);
    const bends: Partial<Filing>[] = [
      { segment: 0 },
      { segment: 2 ** 32 - 1 },
      { start: filing.start + 1n },
      { logK: 9 },
      { logRows: 10 },
      { logRows: 7, logK: 6 },
      { logRows: 255, logK: 254 },
      { rowUnits: 1 },
      { commitment: ethers.id("another") },
      { path: filing.path.slice(1) },
      { batch: 2n ** 64n - 1n },
    ];
    for (const bend of bends)
      await refused(world, cases.connect(filer.operator).file({ ...filing, ...bend }), "WrongSegment");
    // The same segments again, with nobody who stands behind them.
    await refused(
      world,
      cases.connect(filer.operator).file({ ...filing, batch: unsigned.id }),
      "TooFewSlots",
    ).withArgs(0n);

    await clock.nextEpoch(725n);
    for (let i = 0; i < 3; i++) await world.endowment.roll(256n);
    const epoch = await clock.start(world);
    await refused(world, cases.connect(filer.operator).file({ ...filing, epoch }), "Expired");
  });

  it("takes the rows asked for alone, once, in the window (CASE-11)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { cases, members } = world;
    const [filer] = members as [Member];
    await clock.start(world);
    const pending = await file(world, filer, 1);
    const id = await asked(world, clock, filer);
    const { row, path, rlcRoot } = await proofOf(world, id, 0);
    const other = await proofOf(world, id, 1);
    await refused(world, cases.show(pending, 0, row, path, rlcRoot), "WrongVerdict").withArgs(
      pending,
      Verdict.Pending,
      Verdict.Asking,
    );
    await refused(world, cases.ask(id), "WrongVerdict");
    await refused(world, cases.show(id, 32, row, path, rlcRoot), "NotAsked").withArgs(id, 32n);
    for (const [bytes, siblings, root] of [
      [other.row, other.path, other.rlcRoot],
      [`${row}00`, path, rlcRoot],
      [row, path.slice(1), rlcRoot],
      [row, [...path, ethers.ZeroHash], rlcRoot],
      [row, path, ethers.id("another")],
      ["0x", path, rlcRoot],
    ] as const)
      await refused(world, cases.show(id, 0, bytes, [...siblings], root), "WrongRow");
    await cases.show(id, 0, row, path, rlcRoot);
    await refused(world, cases.show(id, 0, row, path, rlcRoot), "AlreadyShown").withArgs(id, 0n);
    const { deadline } = await cases.caseOf(id);
    await networkHelpers.time.increaseTo(deadline);
    await refused(world, show(world, id, [1]), "TooLate").withArgs(id, deadline);
    await cases.resolve(id);
    await refused(world, cases.resolve(id), "WrongVerdict");
  });

  it("alone may blame (CASE-12)", async () => {
    const { audits, anyone, members } = await networkHelpers.loadFixture(deploy);
    await expect(audits.blame(0n, 0n, seatsOf(members), anyone.address))
      .to.be.revertedWithCustomError(audits, "StorageAudits_OnlyCases")
      .withArgs(anyone.address);
  });
});
