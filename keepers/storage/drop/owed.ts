import type { SegmentEntry } from "../disk/segmentIndex.ts";
import { stripsOfSlots } from "../format/placement.ts";

/** Why something is not needed any more. */
export type DropReason = "unpaid" | "expired" | "moved";

/** What decides whether a segment is still owed to somebody. */
export interface Owing {
  /** Slots that this node answers for, or did a short while ago. */
  readonly slots: bigint;
  /** Whether a batch that still has to be held has the segment. */
  readonly isLive: boolean;
  /** Whether all batches that still have to be held are known, with their contents. */
  readonly isComplete: boolean;
  /** Whether the batch that is noted to pay for it has long expired. */
  readonly hasExpired: boolean;
  /** Whether this node has signed for a batch that has it and that may still be appended. */
  readonly isPending: boolean;
  /** Receipts older than this, milliseconds since 1970, promise nothing any more. */
  readonly promisedSince: number;
  /** When the node started, milliseconds since 1970: for what has no time of its own. */
  readonly startedAt: number;
}

const ALL = (1n << 256n) - 1n;

/**
 * Strips of a segment to keep, and why the others may go. What is not known to be unneeded is kept.
 * @param commitment of the segment, 32 bytes
 */
export function stripsOwed(
  { batch, at }: Pick<SegmentEntry, "batch" | "at">,
  commitment: Uint8Array,
  owing: Owing,
): { readonly keep: bigint; readonly reason: DropReason } {
  if (owing.isLive) return { keep: stripsOfSlots(owing.slots, commitment), reason: "moved" };
  if (owing.isPending || !owing.isComplete) return { keep: ALL, reason: "unpaid" };
  if (batch !== undefined) return { keep: owing.hasExpired ? 0n : ALL, reason: "expired" };
  return { keep: (at ?? owing.startedAt) >= owing.promisedSince ? ALL : 0n, reason: "unpaid" };
}
