import type { EncodedSegment } from "../../../keepers/coding/codec.ts";
import { packOpenings, type SampleOpening } from "../../../keepers/storage/audits/openings.ts";
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

export function placeOf(batches: readonly Batch[], { slot, unit }: Sample): Place {
  const batch = batches.find(({ firstUnit, layout }) => unit >= firstUnit && unit < firstUnit + layout.units);
  if (batch === undefined) throw new Error(`no batch has unit ${unit}`);
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

/** What a member works out once the first seed is known. @param voids batches of which nothing has to be held */
export async function workOf(
  world: Audited,
  member: Member,
  batches: readonly Batch[],
  { value = honestValue, voids = [] }: { value?: ValueOf; voids?: readonly Batch[] } = {},
): Promise<Work> {
  const { audits, committees, log } = world;
  const epoch = await epochNow(world);
  const { seedA } = await audits.auditOf(epoch);
  const [committee, operator] = [0n, member.operator.address];
  const seed = nodeSeed(seedA, { committee: Number(committee), seat: member.seat, operator });
  const liable = await committees.liableSlots(committee, member.seat, epoch);
  const units = await log.unitsAt(committee, epoch);
  const samples = samplesOf(seed, liable, units);
  const values = samples.map((sample) => {
    const place = placeOf(batches, sample);
    return voids.includes(place.batch) ? nothing : value(place, sample, seed);
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

export function rowOpening({ batch, segment, coded, index }: Place): SampleOpening & { kind: "row" } {
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

/** What an honest node would show of its two samples. */
export async function openingsOf(
  world: Audited,
  work: Work,
  batches: readonly Batch[],
  voids: readonly Batch[] = [],
): Promise<Uint8Array> {
  const [a, b] = await drawnOf(world, work);
  const open = (sample: Sample): SampleOpening => {
    const place = placeOf(batches, sample);
    return voids.includes(place.batch) ? { kind: "void", batch: place.batch.id } : rowOpening(place);
  };
  return packOpenings(open(a), open(b), work.tree.provePair(a.number));
}

export async function epochNow({ ethers }: Audited): Promise<bigint> {
  const block = await ethers.provider.getBlock("latest");
  return BigInt(block!.timestamp) / EPOCH;
}
