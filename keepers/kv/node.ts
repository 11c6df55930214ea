import type { Codec } from "../coding/codec.ts";
import { openCodec } from "../coding/openCodec.ts";
import { contractOf } from "../runtime/chain/deployment.ts";
import type { BlockHandler } from "../runtime/chain/follower.ts";
import type { KeeperContext } from "../runtime/context.ts";
import { runInBackground } from "../runtime/duties/background.ts";
import { createStorageClient } from "../storage/client.ts";
import { streamIdOf } from "./format/streamId.ts";
import { AnnouncementBook } from "./node/announcementBook.ts";
import { followStreams } from "./node/following.ts";
import { createKvMetrics } from "./node/metrics.ts";
import { OpenStreams } from "./node/openStreams.ts";
import { ReplayDuty } from "./node/replayDuty.ts";
import { addStreamRoutes } from "./node/streamRoutes.ts";

export interface KvNodeOptions {
  /** Ids of the streams that are followed, 0x-hex; all when absent. */
  readonly streams?: readonly string[];
  /** Batches of one stream judged in one go. */
  readonly batchesAtOnce?: number;
  /** Bytes of batches held in memory for one stream, beyond which no more are fetched. */
  readonly enoughBytes?: number;
  /** Batches of one stream fetched at once. */
  readonly fetchesAtOnce?: number;
  /** Streams replayed at once. */
  readonly streamsAtOnce?: number;
  /** Blocks of a window, whose last version of a stream stays provable for a while; alike on all nodes that are to be compared. */
  readonly windowBlocks?: number;
  /** Longest pause between two looks for missing bytes, milliseconds. */
  readonly maxPauseMs?: number;
  /** Codec of the process, when it has one already; it is not closed with the node. */
  readonly codec?: Codec;
}

const DEFAULTS = {
  batchesAtOnce: 256,
  enoughBytes: 16 * 1024 ** 2,
  fetchesAtOnce: 4,
  streamsAtOnce: 8,
  windowBlocks: 64,
  maxPauseMs: 30_000,
} as const;

/**
 * A KV node: follows the announcements of streams, fetches their batches out of storage, replays them in their order, and
 * answers what keys hold, with proofs. Adds its routes to `context.server`.
 * @throws FatalError kv/bad-stream; deployment/… without Streams
 */
export async function startKvNode(context: KeeperContext, options: KvNodeOptions = {}): Promise<void> {
  const settings = { ...DEFAULTS, ...options };
  const { server, deployment, signal, logger } = context;
  const { windowBlocks } = settings;
  let height = -1;
  const wanted = wantedStreams(settings.streams);
  const engine = context.openEngine("kv");
  const book = new AnnouncementBook(engine);
  const streams = new OpenStreams(engine);
  const codec = settings.codec ?? (await openCodec(context, { threads: 0 }));
  const storage = createStorageClient({ ...context, codec });
  const metrics = createKvMetrics(context.metrics, () => duty.stalls.size);
  const duty: ReplayDuty = new ReplayDuty(
    {
      ...{ book, streams, storage },
      limits: { atOnce: settings.fetchesAtOnce, enoughBytes: settings.enoughBytes },
      ...{ atOnce: settings.batchesAtOnce, windowBlocks },
      onJudged: metrics.judged,
    },
    settings,
    logger,
  );
  server.statuses.set("kv/unknown-stream", 404);
  addStreamRoutes(server, {
    ...{ book, streams, windowBlocks },
    height: () => height,
    stalls: () => duty.stalls,
  });
  server.probes.addStatus("kv", async () => ({ stalled: duty.stalls.size }));
  const handler = followStreams(
    { book, streams, wanted },
    {
      added: ({ forgeries }) => {
        metrics.forged(forgeries.length);
        duty.wake();
      },
      rewound: metrics.rewound,
    },
  );
  const watching: BlockHandler = {
    ...handler,
    onHead: async ({ number }) => {
      height = number;
    },
  };
  const { address, block } = contractOf(deployment, "Streams");
  // A follower that fails ends the keeper through its context; there is nothing to add here.
  context.follow("streams", { addresses: [address], fromBlock: block }, watching).catch(() => undefined);
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  runInBackground({ ...context, signal: until }, "replay", duty.run(until));
  context.closers.add("replay's stop", () => stop.abort());
}

function wantedStreams(ids: readonly string[] | undefined): (stream: Buffer) => boolean {
  if (ids === undefined) return () => true;
  const names = new Set(ids.map((id) => streamIdOf(id).toString("hex")));
  return (stream) => names.has(stream.toString("hex"));
}
