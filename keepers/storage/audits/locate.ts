import type { Batch, Batches } from "../chain/batches.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { type BatchPlaces, type PlacedSegment, parseBatch, placesOf, segmentAt } from "../format/batch.ts";
import { rowsPerStrip, stripOfSlot } from "../format/placement.ts";
import { rowOfSample, type Sample } from "./samples.ts";

/** What a node knows, and what it holds. */
export interface SampleSources {
  readonly batches: Pick<Batches, "byUnit" | "all">;
  readonly lists: Pick<BatchIndex, "list" | "layout">;
  readonly segments: Pick<SegmentStore, "strips" | "head">;
}

/** Where a sample's row is. */
export interface LocatedRow {
  readonly sample: Sample;
  readonly batch: Batch;
  readonly segment: PlacedSegment;
  /** Of the segment, in which the row lies. */
  readonly strip: number;
  /** Of the segment. */
  readonly row: number;
}

/** A sample whose batch this node has not seen, or of whose batch it does not know the segments. */
export interface Unlocated {
  readonly sample: Sample;
  readonly batch?: Batch;
}

export type Location = LocatedRow | Unlocated;

export function isLocated(location: Location): location is LocatedRow {
  return "segment" in location;
}

/** Finds samples, in the order of their units; one batch at a time is in memory. */
export async function* locate(
  { batches, lists }: Pick<SampleSources, "batches" | "lists">,
  committee: number,
  samples: readonly Sample[],
): AsyncGenerator<Location> {
  let batch: Batch | undefined;
  let places: BatchPlaces | undefined;
  for (const sample of [...samples].sort((a, b) => (a.unit < b.unit ? -1 : Number(a.unit > b.unit)))) {
    if (batch === undefined || sample.unit >= batch.firstUnit + batch.units) {
      batch = await batches.byUnit(committee, sample.unit);
      const list = batch && (await lists.list(batch.root));
      places = list && placesOf(parseBatch(list));
    }
    if (batch === undefined) yield { sample };
    else if (places === undefined) yield { sample, batch };
    else yield { sample, batch, ...rowIn(places, sample, batch) };
  }
}

function rowIn(places: BatchPlaces, { slot, unit }: Sample, { firstUnit }: Batch) {
  const segment = segmentAt(places, unit - firstUnit);
  const { commitment, shape, start } = segment;
  const place = {
    unitInSegment: unit - firstUnit - start,
    rowSize: shape.rowSize,
    rowsPerStrip: rowsPerStrip(shape),
  };
  const row = rowOfSample(slot, commitment[0]!, place);
  return { segment, strip: stripOfSlot(slot, commitment), row };
}
