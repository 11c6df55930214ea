import { join } from "node:path";
import type { Codec } from "../coding/codec.ts";
import { openCodec } from "../coding/openCodec.ts";
import type { KeeperContext } from "../runtime/context.ts";
import { runInBackground } from "../runtime/duties/background.ts";
import { pause } from "../runtime/pause.ts";
import type { ClientLimits } from "../storage/client.ts";
import { createStorageClient } from "../storage/client.ts";
import { readCredentials } from "./access/credentials.ts";
import { leaveBodies } from "./exchange.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { Spool } from "./multipart/spool.ts";
import { UploadRecords } from "./multipart/uploadRecords.ts";
import { Uploads } from "./multipart/uploads.ts";
import { StoreNames } from "./names/storeNames.ts";
import { Objects } from "./objects.ts";
import type { GatewayParts } from "./parts.ts";
import { Places } from "./places.ts";
import { addPlainDoor, type OpenReads } from "./plainDoor.ts";
import { Backlog } from "./publishing/backlog.ts";
import { startPublication } from "./publishing/publication.ts";
import { addS3Door } from "./s3/door.ts";

export interface GatewayOptions {
  /** File with the access keys; readable by its owner only. */
  readonly credentialsFile: string;
  /** Region that signatures are made for. */
  readonly region?: string;
  /** Buckets whose objects anybody may read by their keys. */
  readonly openBuckets?: readonly string[];
  /** Whose reads by object root need no access key. */
  readonly openReads?: OpenReads;
  /** Largest body of an object or of a part, bytes. */
  readonly maxBodyBytes?: number;
  /** Bytes of parts that may wait on this disk. */
  readonly spoolBytes?: number;
  /** Days after which an upload that was not completed is given up. */
  readonly uploadDays?: number;
  /** Pause between two publications, milliseconds. */
  readonly publishMs?: number;
  /** Months of 30 days that objects are paid for; 0 = for ever. */
  readonly months?: number;
  /** Objects stored at once, and read at once; each holds some segments in memory. */
  readonly maxWrites?: number;
  readonly maxReads?: number;
  /** Parts written to the spool at once. */
  readonly maxPartWrites?: number;
  /** Requests that may wait for one of these places. */
  readonly maxWaiting?: number;
  /** How long a body may keep the gateway waiting before its speed counts, and bytes a second that it needs then. */
  readonly bodyGraceMs?: number;
  readonly bodyLeastRate?: number;
  /** Milliseconds from a request's begin to the end of its body. */
  readonly requestMs?: number;
  readonly limits?: Partial<ClientLimits>;
  /** Codec of the process, when it has one already; it is not closed with the gateway. */
  readonly codec?: Codec;
  /** Milliseconds since 1970, for signatures. */
  readonly now?: () => number;
}

const DEFAULTS = {
  region: "us-east-1",
  openBuckets: [],
  openReads: "loopback",
  maxBodyBytes: 5 * 1024 ** 3,
  spoolBytes: 64 * 1024 ** 3,
  uploadDays: 7,
  publishMs: 10_000,
  months: 12,
  maxWrites: 4,
  maxReads: 16,
  maxPartWrites: 16,
  maxWaiting: 256,
  bodyGraceMs: 30_000,
  bodyLeastRate: 16 * 1024,
  requestMs: 12 * 3_600_000,
  now: Date.now,
} as const;
const DAY_MS = 24 * 3_600_000;
const SWEEP_MS = 600_000;

type Settings = GatewayOptions & Required<Omit<GatewayOptions, "codec" | "limits">>;

/**
 * A gateway: objects of the storage network over HTTP, by their roots and, as S3 has it, by keys in buckets. It stores,
 * names and pays with the keeper's own key. Adds its doors to `context.server`; goes on until the context's signal aborts.
 * @throws FatalError gateway/no-credentials-file, gateway/bad-credentials-file, keys/open-permissions
 */
export async function startGateway(keeper: KeeperContext, options: GatewayOptions): Promise<void> {
  const settings: Settings = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const context = { ...keeper, signal: AbortSignal.any([keeper.signal, stop.signal]) };
  const credentials = await readCredentials(settings.credentialsFile);
  const { server } = context;
  const storage = await openStorage(context, settings);
  const { parts, backlog } = await openParts(context, storage, settings);
  const { region, now } = settings;
  const access = { credentials, region, now, parts };
  // A body may take as long as its size takes; its speed is looked at instead.
  server.server.requestTimeout = settings.requestMs;
  await server.register((scope, _options, done) => {
    leaveBodies(scope);
    addS3Door(scope, { ...access, openBuckets: new Set(settings.openBuckets) });
    addPlainDoor(scope, { ...access, openReads: settings.openReads });
    done();
  });
  const { publishMs: everyMs, months } = settings;
  startPublication({ context, backlog, storage, metrics: parts.metrics, everyMs, months });
  startSweep(context, parts.uploads, settings.uploadDays * DAY_MS);
  context.closers.add("gateway's stop", () => stop.abort());
}

async function openStorage(context: KeeperContext, { codec, limits }: GatewayOptions) {
  return createStorageClient({
    ...context,
    codec: codec ?? (await openCodec(context)),
    store: context.store.under("gateway/client/"),
    ...(limits && { limits }),
  });
}

async function openParts(
  context: KeeperContext,
  storage: ReturnType<typeof createStorageClient>,
  settings: Settings,
): Promise<{ readonly parts: GatewayParts; readonly backlog: Backlog }> {
  const { logger, signal, dataDir } = context;
  const store = context.store.under("gateway/names/");
  const records = new UploadRecords(store);
  const kept = new Map<string, number>();
  for await (const { file, size } of records.allParts()) kept.set(file, size);
  const spool = await Spool.open(join(dataDir, "gateway-spool"), settings.spoolBytes, kept);
  const backlog = await Backlog.open(store);
  const metrics = createGatewayMetrics(context.metrics, {
    spoolBytes: () => spool.usedBytes,
    waitingObjects: () => backlog.size.entries,
  });
  const places = (most: number) => new Places(most, settings.maxWaiting);
  context.server.probes.addStatus("spool", async () => ({
    bytes: spool.usedBytes,
    quotaBytes: settings.spoolBytes,
  }));
  const parts = {
    names: new StoreNames(store),
    objects: new Objects({ storage, writes: places(settings.maxWrites), reads: places(settings.maxReads) }),
    uploads: new Uploads(records, spool),
    partWrites: places(settings.maxPartWrites),
    body: {
      maxBytes: settings.maxBodyBytes,
      graceMs: settings.bodyGraceMs,
      leastRate: settings.bodyLeastRate,
    },
    ...{ backlog, metrics, logger, signal },
  };
  return { parts, backlog };
}

/** Gives up uploads that nobody has completed. */
function startSweep(context: KeeperContext, uploads: Uploads, keptMs: number): void {
  const { signal, logger } = context;
  const work = async () => {
    while (!signal.aborted) {
      try {
        const expired = await uploads.expire(Date.now() - keptMs);
        if (expired > 0) logger.info({ expired }, "uploads that were not completed are given up");
      } catch (error) {
        logger.warn({ err: error }, "old uploads were not looked through, will try again");
      }
      await pause(SWEEP_MS, signal);
    }
  };
  runInBackground(context, "uploads", work());
}
