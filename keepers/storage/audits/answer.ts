import { merklePath, merkleTree } from "../../coding/merkle.ts";
import { FatalError } from "../../runtime/errors.ts";
import { parseHead, rlcRoot } from "../format/segmentFormat.ts";
import { rowsOf } from "../format/stripFormat.ts";
import { auditedUnits } from "./auditedUnits.ts";
import { isLocated, type LocatedRow, type Location, locate, type SampleSources } from "./locate.ts";
import { packOpenings, type SampleOpening, type UnitOpening } from "./openings.ts";
import type { AuditCases } from "./parts.ts";
import { drawnPair, samplesOf } from "./samples.ts";
import { SampleTree } from "./sampleTree.ts";
import type { AuditWork } from "./workbook.ts";

const VALUE_BYTES = 32;

export function treeOf({ values }: AuditWork): SampleTree {
  const count = values.length / VALUE_BYTES;
  return new SampleTree(Array.from({ length: count }, (_, number) => valueAt(values, number)));
}

export type AnswerSources = SampleSources & { readonly cases?: Pick<AuditCases, "voiding"> | undefined };

/**
 * Opens the two samples that were drawn of a work.
 *
 * @param seedB the audit's second seed, 32 bytes in hex
 * @param epochStart when the epoch began, seconds
 * @returns what `StorageAudits.answer` takes beside the sheet
 * @throws FatalError storage/cannot-open when a row was not held at the commit, or is lost since
 */
export async function openDrawn(
  sources: AnswerSources,
  work: AuditWork,
  seedB: string,
  epochStart: bigint,
): Promise<Uint8Array> {
  const even = drawnPair(work.nodeSeed, seedB);
  const units = await auditedUnits(sources.batches, work.committee, work.units, epochStart);
  const samples = samplesOf(work.nodeSeed, work.liable, units).slice(even, even + 2);
  const openings = new Map<number, SampleOpening>();
  for await (const location of locate(sources, work.committee, samples)) {
    const passed = await Promise.all(
      location.sample.passed.map((unit) => voidAt(sources, work, location, unit)),
    );
    openings.set(location.sample.number, [...passed, await openLast(sources, work, location)]);
  }
  return packOpenings(openings.get(even)!, openings.get(even + 1)!, treeOf(work).provePair(even));
}

/** A unit drawn before the one that counts: its batch had expired. */
async function voidAt(
  { batches }: SampleSources,
  work: AuditWork,
  location: Location,
  unit: bigint,
): Promise<UnitOpening> {
  const batch = await batches.byUnit(work.committee, unit);
  if (batch === undefined) throw cannotOpen(work, location, "a batch is unknown here");
  return { kind: "void", batch: batch.id };
}

async function openLast(sources: AnswerSources, work: AuditWork, location: Location): Promise<UnitOpening> {
  const { sample, batch } = location;
  if (work.missing.includes(sample.number)) return await openMissing(sources, work, location);
  if (batch === undefined) throw cannotOpen(work, location, "its batch is unknown here");
  if (valueAt(work.values, sample.number).every((byte) => byte === 0))
    return { kind: "void", batch: batch.id };
  if (!isLocated(location)) throw cannotOpen(work, location, "the list of its batch is lost");
  return await openRow(sources, work, location);
}

/** A row that was not here need not be shown where the node has said in a case that nobody can bring it back. */
async function openMissing(
  { cases }: AnswerSources,
  work: AuditWork,
  location: Location,
): Promise<UnitOpening> {
  const id = isLocated(location) ? await cases?.voiding(work, location) : undefined;
  if (id === undefined || location.batch === undefined)
    throw cannotOpen(work, location, "its row was not here");
  return { kind: "case", batch: location.batch.id, id };
}

async function openRow(
  { lists, segments }: SampleSources,
  work: AuditWork,
  location: LocatedRow,
): Promise<UnitOpening> {
  const { batch, segment, strip: number, row: index } = location;
  const { shape, commitment, start } = segment;
  const [layout, head, [strip]] = await Promise.all([
    lists.layout(batch.root),
    segments.head(commitment),
    segments.strips(commitment, [number]),
  ]);
  if (layout === undefined || head === undefined || strip === undefined)
    throw cannotOpen(work, location, "its row is lost since it was committed");
  const rows = rowsOf(strip, shape);
  const path = merklePath(merkleTree([...rows.values()]), [...rows.keys()].indexOf(index));
  return {
    kind: "row",
    batch: batch.id,
    segment: segment.index,
    ...{ start, shape, commitment },
    rlcRoot: rlcRoot(parseHead(head).rlc),
    row: rows.get(index)!,
    rowPath: Buffer.concat([path, strip.path]),
    segmentPath: layout.prove(segment.index),
  };
}

function valueAt(values: Uint8Array, number: number): Uint8Array {
  return values.subarray(number * VALUE_BYTES, (number + 1) * VALUE_BYTES);
}

function cannotOpen({ epoch }: AuditWork, { sample }: Location, why: string): FatalError {
  return new FatalError(
    "storage/cannot-open",
    `sample ${sample.number} of epoch ${epoch} (slot ${sample.slot}, unit ${sample.unit}) can't be opened: ${why}; this epoch pays nothing`,
    { epoch: epoch.toString(), sample: sample.number, slot: sample.slot, unit: sample.unit.toString() },
  );
}
