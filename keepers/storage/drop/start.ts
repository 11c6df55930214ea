import { setImmediate } from "node:timers/promises";
import type { KeeperContext } from "../../runtime/context.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { pause } from "../../runtime/pause.ts";
import { heldStrips } from "../disk/segmentIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { TokenBucket } from "../repair/tokenBucket.ts";
import { Ledger, type LedgerNeeds } from "./ledger.ts";
import { createDropMetrics, type DropMetrics } from "./metrics.ts";

export interface DropOptions {
  /** Pause between two looks at all segments, milliseconds. */
  readonly everyMs?: number;
  /** How long a receipt promises that rows are kept without pay, milliseconds. */
  readonly unpaidMs?: number;
  /** Part of a row file that must be dead before it is compacted, 0 to 1. */
  readonly deadShare?: number;
  /** Bytes a second that compaction reads and writes. */
  readonly bytesPerSecond?: number;
}

const DEFAULTS = {
  everyMs: 600_000,
  unpaidMs: 86_400_000,
  deadShare: 0.5,
  bytesPerSecond: 64 * 1024 * 1024,
} as const;
const SEGMENTS_PER_TURN = 64;

export type DropPlace = Pick<LedgerNeeds, "batches" | "lists" | "pending"> & {
  readonly segments: SegmentStore;
};

/** Gives up what the node owes to nobody any more, and takes its space back, for as long as the keeper runs. */
export function startDropping(context: KeeperContext, place: DropPlace, options: DropOptions = {}): void {
  const { everyMs, unpaidMs, deadShare, bytesPerSecond } = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const metrics = createDropMetrics(context.metrics);
  const needs = { ...place, context, unpaidMs, startedAt: Date.now() };
  const bucket = new TokenBucket(bytesPerSecond);
  const throttle = (bytes: number) => bucket.take(bytes, signal);
  const round = async (): Promise<void> => {
    await drop(needs, place.segments, metrics, signal);
    while (await place.segments.compact({ deadShare, throttle }, signal)) metrics.compacted.inc();
  };
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      await round().catch((error: unknown) => {
        if (!signal.aborted) context.logger.warn({ err: error }, "what is not needed was not dropped");
      });
      await pause(everyMs, signal).catch(() => undefined);
    }
  };
  runInBackground({ ...context, signal }, "drop", work());
  context.closers.add("dropping's stop", () => stop.abort());
}

async function drop(
  needs: LedgerNeeds,
  segments: SegmentStore,
  metrics: DropMetrics,
  signal: AbortSignal,
): Promise<void> {
  const ledger = await Ledger.read(needs);
  if (ledger === undefined) return;
  let looked = 0;
  for await (const [name, entry] of segments.index.segments()) {
    signal.throwIfAborted();
    // Requests get their turn.
    if (++looked % SEGMENTS_PER_TURN === 0) await setImmediate();
    const judge = await ledger.judge(name, entry);
    const { keep, reason } = judge(entry);
    if ((heldStrips(entry) & ~keep) === 0n) continue;
    metrics.dropped.inc({ reason }, await segments.drop(name, (now) => judge(now).keep));
  }
}
