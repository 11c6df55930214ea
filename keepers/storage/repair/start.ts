import { createCodec } from "../../coding/codec.ts";
import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { createMemberApi } from "../client/memberApi.ts";
import { createPeerApi } from "../client/peerApi.ts";
import { RepairDuty, type RepairNeeds } from "./duty.ts";
import { createRepairMetrics } from "./metrics.ts";
import { PeerBook } from "./peerBook.ts";
import { TokenBucket } from "./tokenBucket.ts";

export interface RepairOptions {
  /** Bytes a second that may be fetched from other members. */
  readonly bytesPerSecond?: number;
  /** Segments repaired at a time; each takes the memory of one decode. */
  readonly parallel?: number;
  /** Pause between two looks at what is missing, milliseconds. */
  readonly pollMs?: number;
  /** Limit for one request to a member, milliseconds. */
  readonly timeoutMs?: number;
}

export type RepairPlace = Pick<RepairNeeds, "codec" | "segments" | "batches" | "lists" | "committee" | "bls">;

const DEFAULTS = {
  bytesPerSecond: 32 * 1024 * 1024,
  parallel: 2,
  pollMs: 10_000,
  timeoutMs: 20_000,
} as const;
/** Seconds of traffic, and segments, that are planned at once. */
const PLAN_SECONDS = 10;
const PLAN_SEGMENTS = 256;

/** Keeps what this node must hold complete, until the keeper stops. @returns what it knows of what can't be repaired */
export function startRepair(
  context: KeeperContext,
  place: RepairPlace,
  options: RepairOptions = {},
): Pick<RepairDuty, "isHopeless"> {
  const settings = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const alarm = new Alarm();
  const duty = new RepairDuty({ ...context, ...place, ...partsOf(context, settings) });
  place.segments.onLoss((commitment) => {
    duty.suspect(commitment).then(
      () => alarm.ring(),
      (error: unknown) => context.logger.warn({ err: error }, "a loss was not looked up"),
    );
  });
  runInBackground(context, "repair", work({ duty, alarm, signal, context, pollMs: settings.pollMs }));
  context.closers.add("repair's work", async () => stop.abort());
  return duty;
}

function partsOf(context: KeeperContext, { bytesPerSecond, parallel, timeoutMs }: Required<RepairOptions>) {
  const asking = { ...context, timeoutMs };
  return {
    api: createMemberApi(asking),
    peers: createPeerApi(asking),
    openDecoder: openOnce(context),
    bucket: new TokenBucket(bytesPerSecond),
    book: new PeerBook(),
    metrics: createRepairMetrics(context.metrics),
    self: context.signer.address.toLowerCase(),
    budget: { bytes: PLAN_SECONDS * bytesPerSecond, segments: PLAN_SEGMENTS },
    parallel,
  };
}

/** Most nodes never decode; one that does pays for a thread, so that it goes on serving meanwhile. */
function openOnce({ closers }: KeeperContext) {
  let opened: ReturnType<typeof createCodec> | undefined;
  closers.add("decoder", async () => (await opened)?.close());
  return () => {
    opened ??= createCodec({ threads: 1 });
    return opened;
  };
}

interface Work {
  readonly duty: RepairDuty;
  readonly alarm: Alarm;
  readonly signal: AbortSignal;
  readonly context: Pick<KeeperContext, "logger">;
  readonly pollMs: number;
}

async function work({ duty, alarm, signal, context, pollMs }: Work): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await duty.round(signal)) continue;
    } catch (error) {
      if (!signal.aborted) context.logger.warn({ err: error }, "repair will look again");
    }
    await alarm.wait(pollMs, signal);
  }
}
