import type { Codec } from "../coding/codec.ts";
import { openCodec } from "../coding/openCodec.ts";
import type { KeeperContext } from "../runtime/context.ts";
import { createRequestVerifier } from "../runtime/http/requestVerifier.ts";
import type { Store } from "../runtime/store/store.ts";
import { type AuditOptions, startAuditDuty } from "./audits/auditDuty.ts";
import type { SampleSources } from "./audits/locate.ts";
import type { BucketSettings } from "./bucket/settings.ts";
import { type CaseOptions, type CasePlace, startCases } from "./cases/start.ts";
import { followBatches } from "./chain/batches.ts";
import { type CommitteeView, contractAddress, createCommitteeView } from "./chain/committeeView.ts";
import { createCreditView } from "./chain/credit.ts";
import { ensureMember } from "./chain/membership.ts";
import { createCommitteeCount } from "./chain/rendezvous.ts";
import { placeOf } from "./chain/seats.ts";
import { BatchIndex } from "./disk/batchIndex.ts";
import { PaidReads } from "./disk/paidReads.ts";
import { PendingBatches } from "./disk/pendingBatches.ts";
import { SegmentStore } from "./disk/segmentStore.ts";
import { type DropOptions, startDropping } from "./drop/start.ts";
import { sizeOf } from "./format/placement.ts";
import { addBatchRoutes } from "./node/batchRoutes.ts";
import { addUsageGauges, createStorageMetrics } from "./node/metrics.ts";
import { addPackRoutes } from "./node/packRoutes.ts";
import { addPeerRoutes } from "./node/peerRoutes.ts";
import { addPublicationRoutes } from "./node/publicationRoutes.ts";
import { type ReadClaimOptions, startReadClaims } from "./node/readClaims.ts";
import { createReadMeter, type OpenReads } from "./node/readMeter.ts";
import { ReadPayments } from "./node/readPayments.ts";
import { createRouteHooks } from "./node/routeHooks.ts";
import { openRowPlace } from "./node/rowPlace.ts";
import { addSegmentRoutes } from "./node/segmentRoutes.ts";
import type { CreditLimit } from "./node/uploadCredit.ts";
import { type PresenceOptions, startPresence } from "./presence/start.ts";
import { type RepairOptions, startRepair } from "./repair/start.ts";

/** Error codes whose HTTP status does not follow from their last part. */
const STATUSES = {
  "storage/budget-exhausted": 402,
  "storage/credit-exceeded": 402,
  "storage/not-held": 409,
  "storage/wrong-committee": 409,
  "storage/wrong-version": 409,
  "storage/too-many-batches": 429,
  "storage/reads-exceeded": 429,
  "storage/not-my-slot": 403,
  "storage/voucher-refused": 403,
  "storage/unknown-batch": 404,
  "storage/unknown-session": 404,
  "storage/expired-batch": 410,
} as const;

export interface StorageNodeOptions {
  /** Bytes that the row files may take. */
  readonly quotaBytes: number;
  /** Bytes of the disk that uploads leave free, for the index and what else the node writes down. */
  readonly reserveBytes?: number;
  /** Bucket in which the rows lie; they lie in the data directory when absent. The index stays where it is. */
  readonly bucket?: BucketSettings | undefined;
  /** Bytes that any signer may have stored before a batch on the log pays for them, beyond what its bond covers; 0 when absent. */
  readonly creditBytesPerSigner?: number;
  /** How long the chain's word on a signer's bond is believed, milliseconds. */
  readonly creditTtlMs?: number;
  /** Bonds, and enters a committee, when the operator is no member yet; corrects the endpoint otherwise. */
  readonly register?: boolean;
  /** Size at which a row file is closed and the next begun, bytes. */
  readonly maxFileBytes?: number;
  /** Whose reads need neither signature nor quota: this machine's when absent. */
  readonly openReads?: OpenReads;
  /** Bytes that a signer with credit reads in a day. */
  readonly freeReadBytesPerDay?: number;
  /** Bytes that all other members together read in a day; well under the 4 GiB that an audit's rows take to rebuild. */
  readonly peerReadBytesPerDay?: number;
  /** Uploads taken at once. */
  readonly maxUploads?: number;
  /** Reads served at once. */
  readonly maxReads?: number;
  /** How long an upload or a read that hardly moves keeps its place while others wait, milliseconds. */
  readonly graceMs?: number;
  /** How long the owner table is believed, milliseconds. */
  readonly committeeTtlMs?: number;
  /** Blocks on top of a batch's block before it returns credit. */
  readonly confirmations?: number;
  /** How the node brings back what it must hold and lacks; on by default. */
  readonly repair?: RepairOptions | false;
  /** How the node takes part in audits; on by default wherever they are deployed. */
  readonly audits?: AuditOptions | false;
  /** How the node takes part in cases about what can't be rebuilt; on by default, likewise. */
  readonly cases?: CaseOptions | false;
  /** How the node says that it is there, and watches whether other members are; on by default. */
  readonly presence?: PresenceOptions | false;
  /** How the node claims what read sessions owe it; it takes vouchers wherever ReadSessions is deployed. */
  readonly readClaims?: ReadClaimOptions;
  /** How the node gives up what it owes to nobody any more; on by default. */
  readonly drop?: DropOptions | false;
  /** Codec of the process, when it has one already; it is not closed with the node. */
  readonly codec?: Codec;
}

const DEFAULTS = {
  reserveBytes: 64 * 1024 ** 2,
  creditBytesPerSigner: 0,
  creditTtlMs: 30_000,
  register: false,
  maxFileBytes: 1024 ** 3,
  openReads: "loopback",
  freeReadBytesPerDay: 64 * 1024 ** 2,
  peerReadBytesPerDay: 1024 ** 3,
  maxUploads: 32,
  maxReads: 64,
  graceMs: 5_000,
  committeeTtlMs: 2_000,
  confirmations: 0,
} as const;

/**
 * A storage node: checks and keeps the strips of its slots, signs for them, and serves them.
 * Adds its routes to `context.server`; resolves once it is ready to serve (and is a member, with `register`).
 * @throws FatalError store/in-use, storage/not-deployed; what registering throws
 */
export async function startStorageNode(context: KeeperContext, options: StorageNodeOptions): Promise<void> {
  const settings = { ...DEFAULTS, ...options };
  const { server, signer, chainId, provider, deployment, closers, logger } = context;
  const metrics = createStorageMetrics(context.metrics);
  const store = context.store.under("storage/");
  const creditOf = creditLimit(context, settings);
  const rows = await openRowPlace(context, store.under("bucket/"), settings, metrics.flushed);
  const segments = await SegmentStore.open({ rows, store, creditOf, quotaBytes: settings.quotaBytes });
  closers.add("row files", () => segments.close());
  addUsageGauges(context.metrics, segments.quota);
  logger.info({ ...segments.recovery }, "row files are sound");
  // A node checks rows and codes nothing, which pays for no thread of its own.
  const codec = settings.codec ?? (await openCodec(context, { threads: 0 }));
  const place = settings.register
    ? await ensureMember(context)
    : await placeOf(provider, deployment, context.transactions.address);
  logger.info({ ...place, endpoint: context.publicUrl }, "place in a committee");
  const committee = createCommitteeView(provider, deployment, {
    committee: place.committee,
    ttlMs: settings.committeeTtlMs,
  });
  const lists = new BatchIndex(store.under("batches/"));
  const verifier = createRequestVerifier({ chainId, audience: signer.address, store });
  const {
    openReads: open,
    freeReadBytesPerDay: freeBytesPerDay,
    peerReadBytesPerDay: peerBytesPerDay,
  } = settings;
  const payments = takePayments(context, store.under("reads/"), settings.readClaims);
  const quotas = { open, freeBytesPerDay, peerBytesPerDay };
  const meter = createReadMeter({ verifier, committee, creditOf, payments, ...quotas });
  const hooks = createRouteHooks(verifier, metrics, creditOf, meter, {
    uploads: settings.maxUploads,
    reads: settings.maxReads,
    graceMs: settings.graceMs,
  });
  for (const [code, status] of Object.entries(STATUSES)) server.statuses.set(code, status);
  addSegmentRoutes(server, { segments, codec, committee, signer, chainId, metrics, hooks });
  addPackRoutes(server, { segments, hooks });
  addPublicationRoutes(server, {
    segments,
    lists,
    provider,
    deployment,
    hooks,
    committee: place.committee,
    confirmations: settings.confirmations,
  });
  const bls = await context.openBlsSigner();
  addPeerRoutes(server, { segments, lists, hooks });
  const pending = new PendingBatches(store.under("pending/"));
  addBatchRoutes(server, {
    ...{ segments, committee, hooks, pending, self: signer.address },
    batches: lists,
    committeeCount: createCommitteeCount(provider, deployment),
    bls,
    scope: { chainId, log: contractAddress(deployment, "StorageLog") },
  });
  const batches = followBatches(context);
  const repair =
    settings.repair !== false
      ? startRepair(context, { codec, segments, batches, lists, committee, bls }, settings.repair)
      : undefined;
  startProving(
    context,
    { batches, lists, segments, isHopeless: (name) => repair?.isHopeless(name) ?? false },
    settings,
  );
  if (settings.drop !== false) startDropping(context, { batches, lists, pending, segments }, settings.drop);
  if (settings.presence !== false) startPresence(context, committee, settings.presence);
  addProbes(context, committee, segments);
}

/** Takes part in audits and cases, wherever they are deployed. */
function startProving(
  context: KeeperContext,
  place: CasePlace & SampleSources,
  { audits, cases }: Pick<StorageNodeOptions, "audits" | "cases">,
): void {
  const isDeployed = (name: string) => Object.hasOwn(context.deployment.contracts, name);
  const filing =
    cases !== false && isDeployed("Recoverability") ? startCases(context, place, cases) : undefined;
  if (audits !== false && isDeployed("StorageAudits"))
    startAuditDuty(context, { ...place, ...(filing && { cases: filing }) }, audits);
}

/** What the bond of a signer covers, and what the operator lends to everybody. */
function creditLimit(
  { provider, deployment }: KeeperContext,
  { creditBytesPerSigner, creditTtlMs: ttlMs }: { creditBytesPerSigner: number; creditTtlMs: number },
): CreditLimit {
  const view = createCreditView(provider, deployment, { ttlMs, freshMs: Math.min(ttlMs, 1_000) });
  return async (signer, fresh) => creditBytesPerSigner + (await view.bytesOf(signer, fresh));
}

/** Takes vouchers, and claims what they say; undefined where nobody can open a session. */
function takePayments(
  context: KeeperContext,
  store: Store,
  options: ReadClaimOptions | undefined,
): ReadPayments | undefined {
  const { provider, deployment, chainId, transactions } = context;
  const sessions = deployment.contracts.ReadSessions?.address;
  if (sessions === undefined) return undefined;
  const book = new PaidReads(store);
  startReadClaims(context, book, options);
  const operator = transactions.address;
  return new ReadPayments({ provider, deployment, scope: { chainId, sessions }, operator, book });
}

function addProbes(
  { server, signer }: KeeperContext,
  committee: CommitteeView,
  segments: SegmentStore,
): void {
  const own = async () => {
    const { members } = await committee.current();
    return members.find((member) => member.signer.toLowerCase() === signer.address.toLowerCase());
  };
  server.probes.addReadiness("committee", async () =>
    (await own()) === undefined ? `${signer.address} owns no slot of the committee` : true,
  );
  server.probes.addStatus("storage", async () => {
    const member = await own();
    return {
      committee: committee.committee,
      member: member?.number ?? 0,
      slots: member === undefined ? 0 : sizeOf(member.slots),
      usedBytes: segments.quota.used,
      quotaBytes: segments.quota.limit,
      recovery: segments.recovery,
    };
  });
}
