import type { Shape } from "../../coding/codec.ts";
import { elementsOf, originalStrips, sizeOf } from "../format/placement.ts";
import { stripBytes } from "../format/stripFormat.ts";

/** What is known of a segment of which strips are missing here. Sets of strips: bit p for strip p. */
export interface SegmentNeed {
  /** Commitment, lower-case hex. */
  readonly name: string;
  readonly shape: Shape;
  /** Strips that this node must hold and doesn't. */
  readonly missing: bigint;
  /** Strips on own disk. */
  readonly own: bigint;
  /** Strips that others say they hold, by seat; those that are silent or have lied are left out. */
  readonly holders: ReadonlyMap<number, bigint>;
}

/** Strips to ask of one member. */
export interface Errand {
  readonly seat: number;
  readonly strips: bigint;
}

/** How the missing strips of one segment come back. */
export interface RepairStep {
  readonly need: SegmentNeed;
  /** Strips that could still be lost before the segment is; negative when it can't be rebuilt any more. */
  readonly margin: number;
  readonly errands: readonly Errand[];
  /** Missing strips that come from one decode, after the errands. */
  readonly rebuild: bigint;
  /** To be fetched. */
  readonly bytes: number;
}

export interface RepairBudget {
  /** Bytes that may be fetched; the first step is planned whatever it costs. */
  readonly bytes: number;
  readonly segments: number;
}

export interface RepairPlan {
  /** Nearest to loss first. */
  readonly steps: readonly RepairStep[];
  /** Segments that wait for the next plan. */
  readonly deferred: number;
  /** Segments of which nothing that is missing here can be had now. */
  readonly hopeless: readonly SegmentNeed[];
}

/** Chooses what to repair now: those nearest to loss first, and of these the cheapest, within the budget. */
export function planRepair(needs: Iterable<SegmentNeed>, budget: RepairBudget): RepairPlan {
  const load = new Map<number, number>();
  const hopeless: SegmentNeed[] = [];
  const repairable: SegmentNeed[] = [];
  for (const need of needs) {
    if (need.missing === 0n) continue;
    (isRepairable(need) ? repairable : hopeless).push(need);
  }
  const ordered = repairable
    .map((need) => ({ need, margin: marginOf(need), bytes: bytesToFetch(need) }))
    .sort((a, b) => a.margin - b.margin || a.bytes - b.bytes || (a.need.name < b.need.name ? -1 : 1));
  const steps: RepairStep[] = [];
  let left = budget.bytes;
  for (const { need, bytes } of ordered) {
    // No skipping ahead to what is cheaper: what is nearest to loss would wait for ever.
    if (steps.length > 0 && (bytes > left || steps.length >= budget.segments)) break;
    steps.push(planStep(need, load));
    left -= bytes;
  }
  return { steps, deferred: ordered.length - steps.length, hopeless };
}

/** One segment's step; undefined when nothing of what is missing can be had. */
export function planSegment(need: SegmentNeed): RepairStep | undefined {
  return need.missing !== 0n && isRepairable(need) ? planStep(need, new Map()) : undefined;
}

/** Strips of a segment that may still go before it can't be rebuilt; below zero it can't be any more. */
export function marginOf(need: Pick<SegmentNeed, "shape" | "own" | "holders">): number {
  return sizeOf(need.own | offered(need)) - originalStrips(need.shape);
}

function isRepairable(need: SegmentNeed): boolean {
  return marginOf(need) >= 0 || (need.missing & offered(need)) !== 0n;
}

function offered({ holders }: Pick<SegmentNeed, "holders">): bigint {
  let set = 0n;
  for (const strips of holders.values()) set |= strips;
  return set;
}

/**
 * Which strips to fetch: those that are missing and offered. Where one more is missing than is offered, a decode is due;
 * then as many as it needs, and what is missing beyond these comes out of it for nothing.
 */
function stripsToFetch(need: SegmentNeed): bigint {
  const there = offered(need) & ~need.own;
  const copies = need.missing & there;
  const decodes = copies !== need.missing && marginOf(need) >= 0;
  const wanted = Math.max(0, originalStrips(need.shape) - sizeOf(need.own));
  if (!decodes) return copies;
  return firstOf(copies, wanted) | firstOf(there & ~copies, Math.max(0, wanted - sizeOf(copies)));
}

function bytesToFetch(need: SegmentNeed): number {
  return sizeOf(stripsToFetch(need)) * stripBytes(need.shape);
}

function planStep(need: SegmentNeed, load: Map<number, number>): RepairStep {
  const fetch = stripsToFetch(need);
  const margin = marginOf(need);
  const each = stripBytes(need.shape);
  return {
    need,
    margin,
    errands: assign(need, fetch, load, each),
    rebuild: margin >= 0 ? need.missing & ~fetch : 0n,
    bytes: sizeOf(fetch) * each,
  };
}

/** Asks each strip of whoever offers it and has least to bring so far. */
function assign(need: SegmentNeed, fetch: bigint, load: Map<number, number>, each: number): Errand[] {
  const errands = new Map<number, bigint>();
  for (const strip of elementsOf(fetch)) {
    const bit = 1n << BigInt(strip);
    let best: number | undefined;
    for (const [seat, strips] of need.holders) {
      if ((strips & bit) === 0n) continue;
      if (best === undefined || (load.get(seat) ?? 0) < (load.get(best) ?? 0)) best = seat;
    }
    if (best === undefined) continue;
    load.set(best, (load.get(best) ?? 0) + each);
    errands.set(best, (errands.get(best) ?? 0n) | bit);
  }
  return [...errands].map(([seat, strips]) => ({ seat, strips }));
}

function firstOf(set: bigint, count: number): bigint {
  let left = set;
  let taken = 0n;
  for (let i = 0; i < count && left !== 0n; i++) {
    const lowest = left & -left;
    taken |= lowest;
    left ^= lowest;
  }
  return taken;
}
