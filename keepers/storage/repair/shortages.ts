import { setImmediate } from "node:timers/promises";
import { heldStrips } from "../disk/segmentIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import type { PlacedSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { stripsOfSlots } from "../format/placement.ts";
import type { SegmentNeed } from "./planner.ts";

/** A segment of which strips are missing here, before it is known who holds what. */
export type Shortage = Omit<SegmentNeed, "holders"> & {
  /** Batch that pays for it. */
  readonly batch: bigint;
};

const SEGMENTS_PER_TURN = 64;

/**
 * Which segments of a batch lack strips of `slots` on own disk. What lies here unpaid is noted to be paid for by the batch: the
 * chain says so, whoever stored it.
 */
export async function* shortagesOf(
  segments: SegmentStore,
  batch: bigint,
  placed: readonly PlacedSegment[],
  slots: bigint,
): AsyncGenerator<Shortage> {
  for (const [i, { commitment, shape }] of placed.entries()) {
    // Thousands of look-ups: requests get their turn.
    if (i % SEGMENTS_PER_TURN === 0) await setImmediate();
    const name = nameOf(commitment);
    const entry = await segments.index.segment(name);
    if (entry !== undefined && entry.batch === undefined)
      await segments.markPublished({ kind: "published", batch, commitments: [name] });
    const own = entry === undefined ? 0n : heldStrips(entry);
    const missing = stripsOfSlots(slots, commitment) & ~own;
    if (missing !== 0n) yield { name, shape, missing, own, batch };
  }
}
