import { dataSlice, hexlify, MaxUint256 } from "ethers";
import type { Audited, Member } from "./audited.ts";
import { type Batch, deployWithBatch } from "./auditedBatches.ts";
import { epochNow } from "./auditedNode.ts";

export type World = Audited & { readonly batches: readonly Batch[] };

/** A committee with one batch, all of whose members have allowed the deposits of cases. */
export async function deployCases(ethers: Audited["ethers"], clock: { nextEpoch(): Promise<bigint> }) {
  const world = await deployWithBatch(ethers, clock);
  const { token, cases, members } = world;
  for (const { operator } of members) await token.connect(operator).approve(cases, MaxUint256);
  return world;
}

/** What a member says of a segment in the epoch that runs. */
export async function filingOf(world: World, member: Member, segment = 0) {
  const [{ id, layout }] = world.batches as [Batch];
  const { commitment, shape, start } = layout.segments[segment]!;
  return {
    epoch: await epochNow(world),
    seat: member.seat,
    batch: id,
    segment,
    logK: Math.log2(shape.k),
    logRows: Math.log2(shape.k + shape.n),
    rowUnits: shape.rowSize / 64,
    start,
    commitment: hexlify(commitment),
    path: layout.prove(segment).map((hash) => hexlify(hash)),
  };
}

/** Files a case. @returns its number */
export async function file(world: World, member: Member, segment = 0): Promise<bigint> {
  await world.cases.connect(member.operator).file(await filingOf(world, member, segment));
  return world.cases.caseCount();
}

/** Files a case and has it asked. */
export async function asked(
  world: World,
  clock: { pastDraw(): Promise<void> },
  member: Member,
  segment = 0,
): Promise<bigint> {
  const id = await file(world, member, segment);
  await clock.pastDraw();
  await world.cases.ask(id);
  return id;
}

/** The proof of a row that a case asks for. */
export async function proofOf({ cases, batches }: World, id: bigint, number: number) {
  const { segment } = await cases.caseOf(id);
  const coded = batches[0]!.coded[Number(segment)]!;
  const index = Number((await cases.rowsOf(id))[number]!);
  const joined = hexlify(coded.rowPath(index));
  const path = Array.from({ length: (joined.length - 2) / 64 }, (_, i) =>
    dataSlice(joined, 32 * i, 32 * (i + 1)),
  );
  return { row: hexlify(coded.row(index)), path, rlcRoot: hexlify(coded.rlcRoot) };
}

/** Shows some of the rows that a case asks for. */
export async function show(world: World, id: bigint, numbers: Iterable<number>): Promise<void> {
  for (const number of numbers) {
    const { row, path, rlcRoot } = await proofOf(world, id, number);
    await world.cases.show(id, number, row, path, rlcRoot);
  }
}

/** The seats that rows are asked of, in the order of the rows. */
export async function seatsAsked({ cases }: World, id: bigint): Promise<number[]> {
  const { seats } = await cases.caseOf(id);
  return Array.from({ length: 32 }, (_, i) => Number((seats >> BigInt(8 * i)) & 0xffn));
}

/** Numbers of the rows asked of seats other than some. */
export async function numbersBut(world: World, id: bigint, silent: readonly Member[]): Promise<number[]> {
  const seats = await seatsAsked(world, id);
  return [...seats.keys()].filter((i) => !silent.some(({ seat }) => seat === seats[i]));
}

/** As IRecoverability.Verdict. */
export const Verdict = {
  Pending: 1n,
  Asking: 2n,
  Recoverable: 3n,
  Unrecoverable: 4n,
  Dropped: 5n,
};
