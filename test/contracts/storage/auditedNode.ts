import type { EncodedSegment } from "../../../keepers/coding/codec.ts";
import {
  packOpenings,
  type RowOpening,
  type SampleOpening,
} from "../../../keepers/storage/audits/openings.ts";
import {
  drawnPair,
  nodeSeed,
  rowOfSample,
  type Sample,
  samplesOf,
  sampleValue,
} from "../../../keepers/storage/audits/samples.ts";
import { SampleTree } from "../../../keepers/storage/audits/sampleTree.ts";
import { type PlacedSegment, segmentAt } from "../../../keepers/storage/format/batch.ts";
import { rowsPerStrip } from "../../../keepers/storage/format/placement.ts";
import { type Audited, EPOCH, type Member } from "./audited.ts";
import type { Batch } from "./auditedBatches.ts";

/** Where a sample's row is. */
export interface Place {
  readonly batch: Batch;
  readonly segment: PlacedSegment;
  readonly coded: EncodedSegment;
  /** Row of the segment. */
  readonly index: number;
}

export interface Sheet {
  readonly epoch: bigint;
  readonly committee: bigint;
  readonly seat: number;
  readonly nodeSeed: Uint8Array;
  readonly units: bigint;
  readonly liable: bigint;
}

/** All that a node works out for one audit. */
export interface Work {
  readonly samples: readonly Sample[];
  readonly tree: SampleTree;
  readonly sheet: Sheet;
}

/** What the value of a sample is made of; an honest node's is `honestValue`. */
export type ValueOf = (place: Place, sample: Sample, seed: Uint8Array) => Uint8Array;

export const honestValue: ValueOf = ({ coded, index }, { number }, seed) =>
  sampleValue(seed, number, coded.row(index));

const nothing = new Uint8Array(32);

function batchOf(batches: readonly Batch[], unit: bigint): Batch {
  const batch = batches.find(({ firstUnit, layout }) => unit >= firstUnit && unit < firstUnit + layout.units);
  if (batch === undefined) throw new Error(`no batch has unit ${unit}`);
  return batch;
}

export function placeOf(batches: readonly Batch[], { slot, unit }: Sample): Place {
  const batch = batchOf(batches, unit);
  const inBatch = unit - batch.firstUnit;
  const segment = segmentAt(batch.layout, inBatch);
  const { commitment, shape, start } = segment;
  const strip = {
    unitInSegment: inBatch - start,
    rowSize: shape.rowSize,
    rowsPerStrip: rowsPerStrip(shape),
  };
  const index = rowOfSample(slot, commitment[0]!, strip);
  return { batch, segment, coded: batch.coded[segment.index]!, index };
}

/** Batches of which a node need not hold anything. */
export interface Unheld {
  /** No certificate covers the node's slots. */
  readonly voids?: readonly Batch[];
  /** They had expired when the epoch began. */
  readonly expired?: readonly Batch[];
}

/** What a member works out once the first seed is known. */
export async function workOf(
  world: Audited,
  member: Member,
  batches: readonly Batch[],
  { value = honestValue, voids = [], expired = [] }: Unheld & { value?: ValueOf } = {},
): Promise<Work> {
  const { audits, committees, log } = world;
  const epoch = await epochNow(world);
  const { seedA } = await audits.auditOf(epoch);
  const [committee, operator] = [0n, member.operator.address];
  const seed = nodeSeed(seedA, { committee: Number(committee), seat: member.seat, operator });
  const liable = await committees.liableSlots(committee, member.seat, epoch);
  const units = await log.unitsAt(committee, epoch);
  const isExpired = (unit: bigint) => expired.includes(batchOf(batches, unit));
  const samples = samplesOf(seed, liable, { count: units, isExpired });
  const values = samples.map((sample) => {
    const place = placeOf(batches, sample);
    const isVoid = voids.includes(place.batch) || expired.includes(place.batch);
    return isVoid ? nothing : value(place, sample, seed);
  });
  const tree = new SampleTree(values);
  const sheet = { epoch, committee, seat: member.seat, nodeSeed: seed, units, liable };
  return { samples, tree, sheet };
}

/** The samples that the second seed asks a node for. */
export async function drawnOf({ audits }: Audited, { samples, sheet }: Work): Promise<[Sample, Sample]> {
  const { seedB } = await audits.auditOf(sheet.epoch);
  const even = drawnPair(sheet.nodeSeed, seedB);
  return [samples[even]!, samples[even + 1]!];
}

export function rowOpening({ batch, segment, coded, index }: Place): RowOpening {
  return {
    kind: "row",
    batch: batch.id,
    segment: segment.index,
    start: segment.start,
    shape: segment.shape,
    commitment: segment.commitment,
    rlcRoot: coded.rlcRoot,
    row: Uint8Array.from(coded.row(index)),
    rowPath: coded.rowPath(index),
    segmentPath: batch.layout.prove(segment.index),
  };
}

export const voided = ({ id }: Batch) => ({ kind: "void", batch: id }) as const;

/** How an honest node opens its two samples, and proves their values. */
export async function openedPair(
  world: Audited,
  work: Work,
  batches: readonly Batch[],
  { voids = [], expired = [] }: Unheld = {},
) {
  const [a, b] = await drawnOf(world, work);
  const open = (sample: Sample): SampleOpening => {
    const place = placeOf(batches, sample);
    const passed = sample.passed.map((unit) => voided(batchOf(batches, unit)));
    const isVoid = voids.includes(place.batch) || expired.includes(place.batch);
    return [...passed, isVoid ? voided(place.batch) : rowOpening(place)];
  };
  return { even: open(a), odd: open(b), siblings: work.tree.provePair(a.number) };
}

/** The same, packed. */
export async function openingsOf(
  world: Audited,
  work: Work,
  batches: readonly Batch[],
  unheld: Unheld = {},
): Promise<Uint8Array> {
  const { even, odd, siblings } = await openedPair(world, work, batches, unheld);
  return packOpenings(even, odd, siblings);
}

export async function epochNow({ ethers }: Audited): Promise<bigint> {
  const block = await ethers.provider.getBlock("latest");
  return BigInt(block!.timestamp) / EPOCH;
}
