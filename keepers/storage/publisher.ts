import type { Codec } from "../coding/codec.ts";
import { openCodec } from "../coding/openCodec.ts";
import type { KeeperContext } from "../runtime/context.ts";
import { Alarm } from "../runtime/duties/alarm.ts";
import { runInBackground } from "../runtime/duties/background.ts";
import { runDuties } from "../runtime/duties/duties.ts";
import { FatalError } from "../runtime/errors.ts";
import { createRequestVerifier } from "../runtime/http/requestVerifier.ts";
import { createCommitteeBook } from "./chain/committeeBook.ts";
import { contractAddress } from "./chain/committeeView.ts";
import { LogLedger } from "./chain/logLedger.ts";
import { createCommitteeCount } from "./chain/rendezvous.ts";
import type { ClientLimits } from "./client/clientTypes.ts";
import { createMemberApi } from "./client/memberApi.ts";
import { SegmentUpload } from "./client/segmentUpload.ts";
import { type AssemblyNeeds, assemble } from "./publisher/assembly.ts";
import { DraftBook } from "./publisher/draftBook.ts";
import { DraftWork } from "./publisher/draftWork.ts";
import { createPublisherMetrics } from "./publisher/metrics.ts";
import { OrderBook } from "./publisher/orderBook.ts";
import { addOrderRoutes } from "./publisher/orderRoutes.ts";

const STATUSES = {
  "storage/unknown-writer": 403,
  "storage/writer-quota-exceeded": 429,
  "storage/publisher-full": 503,
} as const;

export interface PublisherOptions {
  /** Addresses of those whose orders are taken, and paid for. */
  readonly writers: readonly string[];
  /** Data bytes that one writer may order a day (UTC). */
  readonly quotaBytesPerDay?: number;
  /** Data bytes that may wait at once. */
  readonly maxPendingBytes?: number;
  /** Orders from which on a batch is made at once, and most that are made one. */
  readonly maxObjects?: number;
  /** Longest that an order waits for others, milliseconds. */
  readonly maxDelayMs?: number;
  /** Months of 30 days that batches are paid for; 0 = for ever. */
  readonly months?: number;
  /** Blocks on top of a batch's block until an object's bytes may go. */
  readonly confirmations?: number;
  /** Orders taken at once; each holds up to 256 KiB. */
  readonly maxOrders?: number;
  /** Orders looked up at once. */
  readonly maxLookUps?: number;
  /** Longest pause between two looks at what is to be done, milliseconds. */
  readonly pollMs?: number;
  readonly limits?: Partial<ClientLimits>;
  /** Codec of the process, when it has one already; it is not closed with the publisher. */
  readonly codec?: Codec;
}

const DEFAULTS = {
  quotaBytesPerDay: 1024 ** 3,
  maxPendingBytes: 256 * 1024 ** 2,
  maxObjects: 8_192,
  maxDelayMs: 10_000,
  months: 12,
  confirmations: 5,
  maxOrders: 64,
  maxLookUps: 16,
  pollMs: 1_000,
} as const;

const LIMITS: ClientLimits = {
  requestMs: 30_000,
  hedgeMs: 1_000,
  graceMs: 10_000,
  segmentsInFlight: 1,
  attempts: 3,
};

type Settings = PublisherOptions & Required<Pick<PublisherOptions, keyof typeof DEFAULTS>>;

/**
 * A publisher: takes writers' orders, packs small objects, appends what it has gathered in batches that members stand behind,
 * and pays for them. Adds its routes to `context.server`; goes on until the context's signal aborts. Any number may run.
 * @throws FatalError storage/not-deployed, storage/bad-publisher
 */
export async function startPublisher(context: KeeperContext, options: PublisherOptions): Promise<void> {
  const settings: Settings = { ...DEFAULTS, ...options };
  requireSound(settings);
  const { server, signer, chainId, provider, deployment, signal, logger } = context;
  const store = context.store.under("publisher/");
  const books = store.under("books/");
  const orders = await OrderBook.open(books, {
    ...settings,
    writers: new Set(settings.writers.map((writer) => writer.toLowerCase())),
  });
  const drafts = await DraftBook.open(books);
  const metrics = createPublisherMetrics(context.metrics, orders);
  const network = await openNetwork(context, settings);
  const { publishing } = network;
  const work = new DraftWork({ publishing, orders, drafts, metrics, confirmations: settings.confirmations });
  const alarm = new Alarm();
  for (const [code, status] of Object.entries(STATUSES)) server.statuses.set(code, status);
  addOrderRoutes(server, {
    ...{ orders, drafts, metrics, signal },
    ...{ maxOrders: settings.maxOrders, maxLookUps: settings.maxLookUps },
    ledger: new LogLedger({ provider, deployment, store: store.under("log/") }),
    verifier: createRequestVerifier({ chainId, audience: signer.address, store }),
    wake: () => {
      if (orders.waiting >= settings.maxObjects) alarm.ring();
    },
  });
  const { openUpload, committeeCount } = network;
  const needs = { orders, drafts, openUpload, committeeCount, months: settings.months };
  const loop = { logger, signal, alarm, pollMs: settings.pollMs };
  const list = async () => {
    await assembleDue({ ...needs, maxOrders: settings.maxObjects }, settings.maxDelayMs, signal);
    return await drafts.openDrafts();
  };
  const going = runDuties(loop, list, (draft) => work.attend(draft, signal));
  runInBackground(context, "publisher", going);
}

/** Drafts orders when there are enough of them, or one has waited long enough. */
async function assembleDue(needs: AssemblyNeeds, maxDelayMs: number, signal: AbortSignal): Promise<void> {
  const { orders, maxOrders } = needs;
  while (!signal.aborted) {
    const [oldest] = await orders.first(1);
    if (oldest === undefined) return;
    if (orders.waiting < maxOrders && Date.now() - oldest.order.at < maxDelayMs) return;
    await assemble(needs, signal);
  }
}

/** What reaches members and the log. */
async function openNetwork(context: KeeperContext, settings: Settings) {
  const { provider, chainId, deployment, transactions, http, signer, store } = context;
  const limits = { ...LIMITS, ...settings.limits };
  const committees = createCommitteeBook(provider, deployment);
  const api = createMemberApi({ http, chainId, signer, timeoutMs: limits.requestMs });
  const committeeCount = createCommitteeCount(provider, deployment);
  const codec = settings.codec ?? (await openCodec(context));
  const scope = { chainId, committee: contractAddress(deployment, "Committees") };
  // Who has failed is left out of one upload, not for ever.
  const openUpload = () => new SegmentUpload({ codec, api, limits, committees, scope });
  const publishing = {
    ...{ provider, chainId, deployment, transactions, api, limits, committeeCount },
    membersOf: (committee: number) => committees.members(committee),
    store: store.under("publisher/publishing/"),
  };
  return { openUpload, publishing, committeeCount };
}

function requireSound({ maxObjects, maxDelayMs, months, quotaBytesPerDay, maxPendingBytes }: Settings): void {
  const numbers = { maxObjects, maxDelayMs, months, quotaBytesPerDay, maxPendingBytes };
  for (const [name, value] of Object.entries(numbers)) {
    const least = name === "months" ? 0 : 1;
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new FatalError(
      "storage/bad-publisher",
      `${name} is ${value}, not a whole number from ${least} on`,
      { name, value },
    );
  }
}
