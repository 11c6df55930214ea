import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { runDuties } from "../../runtime/duties/duties.ts";
import type { PublishedBatch, StorageClient } from "../../storage/client.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Backlog, Draft } from "./backlog.ts";

export interface PublicationNeeds {
  readonly context: KeeperContext;
  readonly backlog: Backlog;
  readonly storage: Pick<StorageClient, "publish">;
  readonly metrics: GatewayMetrics;
  /** Pause between two publications, milliseconds. */
  readonly everyMs: number;
  /** Months of 30 days to pay for; 0 = for ever. */
  readonly months: number;
}

const MONTH_SECONDS = 30 * 24 * 3_600;

/** Pays for what was put since the last time, together, for as long as the keeper runs. */
export function startPublication(needs: PublicationNeeds): void {
  const { context, backlog, everyMs, months } = needs;
  const { logger, signal } = context;
  let trouble: string | undefined;
  const list = async () => {
    // What is paid for this long needs no new batch: half of what would be paid for.
    const paidUntil = months === 0 ? Number.POSITIVE_INFINITY : now() + (months * MONTH_SECONDS) / 2;
    const draft = await backlog.draft(paidUntil);
    return draft === undefined ? [] : [draft];
  };
  const perform = async (draft: Draft) => {
    try {
      await publish(needs, draft, signal);
      trouble = undefined;
    } catch (error) {
      if (!signal.aborted) {
        trouble = error instanceof Error ? error.message : String(error);
        needs.metrics.publicationFailed();
      }
      throw error;
    }
  };
  context.server.probes.addStatus("publication", async () => ({
    waitingObjects: backlog.size.entries,
    waitingSegments: backlog.size.segments,
    trouble: trouble ?? null,
  }));
  const loop = { logger, signal, alarm: new Alarm(), pollMs: everyMs };
  runInBackground(context, "publication", runDuties(loop, list, perform));
}

async function publish(
  { backlog, storage, metrics, months, context }: PublicationNeeds,
  draft: Draft,
  signal: AbortSignal,
): Promise<void> {
  const { segments } = draft;
  const list = { length: segments.length, [Symbol.iterator]: () => segments[Symbol.iterator]() };
  const batches: PublishedBatch[] =
    segments.length === 0 ? [] : await storage.publish([{ segments: list }], { months, signal });
  await backlog.settle(draft, batches);
  metrics.published(segments.length);
  context.logger.info({ objects: draft.entries.length, segments: segments.length }, "published");
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
