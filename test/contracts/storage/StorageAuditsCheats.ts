import { expect } from "chai";
import { getBytes, keccak256 } from "ethers";
import { network } from "hardhat";
import { packOpenings, type UnitOpening } from "../../../keepers/storage/audits/openings.ts";
import { sampleValue } from "../../../keepers/storage/audits/samples.ts";
import { auditClock, commit, Stage, Standing } from "./auditClock.ts";
import { type Audited, type Member, WINDOW } from "./audited.ts";
import { type Batch, deployWithBatch, publish, SHAPE } from "./auditedBatches.ts";
import {
  drawnOf,
  openingsOf,
  type Place,
  placeOf,
  rowOpening,
  type ValueOf,
  type Work,
  workOf,
} from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const deploy = () => deployWithBatch(ethers, clock);

type World = Audited & { batches: Batch[] };

/** A member's audit up to where it has to answer, its values made as `value` says. */
async function challenged(world: World, member: Member, value?: ValueOf) {
  const epoch = await clock.start(world);
  const work = await workOf(world, member, world.batches, value === undefined ? {} : { value });
  await commit(world, member, work);
  await clock.challenge(world, epoch);
  return { epoch, work };
}

type Held = ReturnType<typeof rowOpening>;
type Bend = (honest: Held, place: Place) => UnitOpening;

/** The openings of an honest node, with the first of them changed. */
async function bentOpenings(world: World, work: Work, bend: Bend) {
  const [first, second] = await drawnOf(world, work);
  const [a, b] = [placeOf(world.batches, first), placeOf(world.batches, second)];
  return packOpenings([bend(rowOpening(a), a)], [rowOpening(b)], work.tree.provePair(first.number));
}

describe("StorageAudits against cheats", () => {
  for (const [cheat, value] of [
    ["makes a root up", (_place, { number }) => getBytes(ethers.id(`${number}`))],
    [
      "has kept hashes in place of rows",
      ({ coded, index }, { number }, seed) =>
        sampleValue(seed, number, getBytes(keccak256(coded.row(index)))),
    ],
    [
      "uses another node's seed",
      ({ coded, index }, { number }) => sampleValue(getBytes(ethers.id("other")), number, coded.row(index)),
    ],
    [
      "has the same row for all samples",
      ({ coded }, { number }, seed) => sampleValue(seed, number, coded.row(0)),
    ],
    ["has zeros where rows should be", () => new Uint8Array(32)],
  ] satisfies [string, ValueOf][])
    it(`refuses who ${cheat} (AUDIT-7)`, async () => {
      const world = await networkHelpers.loadFixture(deploy);
      const { audits, members, batches } = world;
      const [cheater] = members;
      const { epoch, work } = await challenged(world, cheater!, value);
      // The true rows are to be had in the open window; they are of no use any more.
      await expect(
        audits.answer(work.sheet, await openingsOf(world, work, batches)),
      ).to.be.revertedWithCustomError(audits, "StorageAudits_WrongRoot");
      expect(await audits.standingOf(epoch, 0n, cheater!.seat)).to.equal(Standing.Committed);
    });

  it("refuses another node's rows and sheet (AUDIT-8)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, batches, members } = world;
    const [honest, copier] = members;
    const epoch = await clock.start(world);
    const work = await workOf(world, honest!, batches);
    await commit(world, honest!, work);
    await audits.connect(copier!.operator).commit(epoch, 0n, copier!.seat, work.tree.root());
    await clock.challenge(world, epoch);
    const openings = await openingsOf(world, work, batches);
    // Even with all rows at hand: its own samples aren't those that it committed, and the other's sheet isn't its own.
    const own = await workOf(world, copier!, batches);
    for (const [sheet, shown] of [
      [own.sheet, await openingsOf(world, own, batches)],
      [{ ...work.sheet, seat: copier!.seat }, openings],
    ] as const)
      await expect(audits.answer(sheet, shown)).to.be.revertedWithCustomError(
        audits,
        "StorageAudits_WrongRoot",
      );
    await audits.answer(work.sheet, openings);
    expect(await audits.standingOf(epoch, 0n, copier!.seat)).to.equal(Standing.Committed);
  });

  it("refuses last epoch's values, committed again (AUDIT-9)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, batches, members } = world;
    const { work: last } = await challenged(world, members[0]!);
    await audits.answer(last.sheet, await openingsOf(world, last, batches));
    const stale: ValueOf = ({ coded, index }, { number }) =>
      sampleValue(last.sheet.nodeSeed, number, coded.row(index));

    const epoch = await clock.start(world);
    const work = await workOf(world, members[0]!, batches, { value: stale });
    // The very root of the epoch before, by one node; the old seed's values of the new rows, by another.
    await commit(world, members[0]!, { ...last, sheet: work.sheet });
    const other = await workOf(world, members[1]!, batches, { value: stale });
    await commit(world, members[1]!, other);
    await clock.challenge(world, epoch);
    for (const sheet of [work, other])
      await expect(
        audits.answer(sheet.sheet, await openingsOf(world, sheet, batches)),
      ).to.be.revertedWithCustomError(audits, "StorageAudits_WrongRoot");
    await expect(audits.answer(last.sheet, await openingsOf(world, work, batches)))
      .to.be.revertedWithCustomError(audits, "StorageAudits_TooLate")
      .withArgs(last.sheet.epoch, (await audits.auditOf(last.sheet.epoch)).deadline);
  });

  describe("that open something else than was drawn (AUDIT-10)", () => {
    const flip = (bytes: Uint8Array, at = 0) =>
      Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    const withRow = ({ coded }: Place, index: number) => ({
      row: Uint8Array.from(coded.row(index)),
      rowPath: coded.rowPath(index),
    });
    const bends: [what: string, error: string, bend: Bend][] = [
      ["a changed row", "WrongRow", (open) => ({ ...open, row: flip(open.row) })],
      [
        "the row after it",
        "WrongRow",
        (open, place) => ({ ...open, ...withRow(place, (place.index + 1) % 512) }),
      ],
      [
        "the row of another slot",
        "WrongRow",
        (open, place) => ({ ...open, ...withRow(place, place.index ^ 256) }),
      ],
      ["a row under another strip", "WrongRow", (open) => ({ ...open, commitment: flip(open.commitment) })],
      ["another root of combinations", "WrongRow", (open) => ({ ...open, rlcRoot: flip(open.rlcRoot) })],
      ["a bent path", "WrongRow", (open) => ({ ...open, rowPath: flip(open.rowPath) })],
      ["another place in the batch", "WrongRow", (open) => ({ ...open, segment: (open.segment + 1) % 3 })],
      [
        "another number of originals",
        "WrongRow",
        (open) => ({ ...open, shape: { ...open.shape, k: 128, n: 384 } }),
      ],
      ["no parity", "WrongSegment", (open) => ({ ...open, shape: { ...open.shape, k: 512, n: 0 } })],
      ["another segment's start", "WrongSegment", (open) => ({ ...open, start: open.start + 4n })],
      ["another batch", "WrongBatch", (open) => ({ ...open, batch: 1n })],
      ["a batch that isn't there", "WrongBatch", (open) => ({ ...open, batch: 2n ** 64n - 1n })],
      ["a void that isn't one", "NotVoid", (open) => ({ kind: "void", batch: open.batch })],
      ["the row of another segment", "WrongRow", (open, place) => elsewhere(open, place)],
    ];
    /** The row of the same number of the next segment, with the start of the one that was drawn. */
    function elsewhere(open: Held, { batch, segment, index }: Place): Held {
      const at = (segment.index + 1) % batch.coded.length;
      const coded = batch.coded[at]!;
      const row = { row: Uint8Array.from(coded.row(index)), rowPath: coded.rowPath(index) };
      return {
        ...open,
        ...row,
        commitment: coded.commitment,
        rlcRoot: coded.rlcRoot,
        segment: at,
        segmentPath: batch.layout.prove(at),
      };
    }

    for (const [what, error, bend] of bends)
      it(what, async () => {
        const world = await networkHelpers.loadFixture(deploy);
        const { audits, members } = world;
        const { epoch, work } = await challenged(world, members[0]!);
        await publish(world, { shape: SHAPE, segments: 1, months: 1, signers: members });
        await expect(
          audits.answer(work.sheet, await bentOpenings(world, work, bend)),
        ).to.be.revertedWithCustomError(audits, `StorageAudits_${error}`);
        expect(await audits.standingOf(epoch, 0n, members[0]!.seat)).to.equal(Standing.Committed);
      });

    it("bytes too few, too many, or of no kind", async () => {
      const world = await networkHelpers.loadFixture(deploy);
      const { audits, members, batches } = world;
      const { work } = await challenged(world, members[0]!);
      const whole = await openingsOf(world, work, batches);
      const unknown = Uint8Array.from(whole);
      unknown[0] = 3;
      for (const openings of [
        whole.subarray(0, whole.length - 1),
        Buffer.concat([whole, Buffer.alloc(1)]),
        whole.subarray(0, 300),
        whole.subarray(0, 59),
        unknown,
      ])
        await expect(audits.answer(work.sheet, openings)).to.be.revertedWithCustomError(
          audits,
          "StorageAudits_Malformed",
        );
      await audits.answer(work.sheet, whole);
    });
  });

  it("takes commits and answers once, and in their windows alone (AUDIT-11)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { audits, batches, members } = world;
    const [node, idle, late] = members as [Member, Member, Member];
    const root = ethers.id("root");
    const commitBy = ({ operator, seat }: Member, epoch: bigint, value = root) =>
      audits.connect(operator).commit(epoch, 0n, seat, value);
    const refused = (call: Promise<unknown>, error: string, ...args: unknown[]) =>
      expect(call)
        .to.be.revertedWithCustomError(audits, `StorageAudits_${error}`)
        .withArgs(...args);

    const epoch = await clock.nextEpoch();
    await refused(commitBy(node, epoch), "WrongStage", epoch, Stage.None, Stage.Committing);
    await audits.open(epoch);
    await clock.pastDraw();
    await refused(commitBy(node, epoch), "WrongStage", epoch, Stage.Seeding, Stage.Committing);
    await audits.seed(epoch);
    await refused(commitBy(node, epoch, ethers.ZeroHash), "ZeroRoot");
    const work = await workOf(world, node, batches);
    await commit(world, node, work);
    await refused(commitBy(node, epoch), "AlreadyCommitted", epoch, 0n, node.seat);
    await refused(audits.answer(work.sheet, "0x"), "WrongStage", epoch, Stage.Committing, Stage.Answering);

    const { deadline } = await audits.auditOf(epoch);
    await clock.pass(WINDOW + 1n);
    await refused(commitBy(late, epoch), "TooLate", epoch, deadline);
    await audits.draw(epoch);
    await refused(commitBy(late, epoch), "WrongStage", epoch, Stage.Drawing, Stage.Committing);
    await clock.pastDraw();
    await audits.challenge(epoch);
    const openings = await openingsOf(world, work, batches);
    const never = { ...work.sheet, seat: idle.seat };
    await refused(audits.answer(never, openings), "NotCommitted", epoch, 0n, idle.seat);
    await audits.answer(work.sheet, openings);
    await refused(audits.answer(work.sheet, openings), "AlreadyAnswered", epoch, 0n, node.seat);
    const { deadline: last } = await audits.auditOf(epoch);
    await clock.pass(WINDOW + 1n);
    await refused(audits.answer(never, openings), "TooLate", epoch, last);
  });
});
