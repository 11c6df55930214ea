import { hexlify, type JsonRpcProvider } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { Deployment } from "../../runtime/context.ts";
import { RetryableError } from "../../runtime/errors.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import { ensureAllowance } from "../chain/allowance.ts";
import { type CommitteeMember, contractAddress } from "../chain/committeeView.ts";
import { batchesOf, type LoggedBatch } from "../chain/publications.ts";
import { committeeOf } from "../chain/rendezvous.ts";
import { type BatchLayout, type BatchSegment, layOut } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { MAX_TOLD_SEGMENTS, publicationOf } from "../node/publicationRoutes.ts";
import type { PublishedBatch, StoredParts } from "./clientTypes.ts";
import type { MemberApi } from "./memberApi.ts";

export interface PublishNeeds {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly transactions: TransactionSender;
  readonly api: MemberApi;
  /** Number of open committees. */
  readonly committeeCount: () => Promise<number>;
  readonly membersOf: (committee: number) => Promise<readonly CommitteeMember[]>;
}

type Publishable = Pick<StoredParts, "segments">;

interface Draft {
  readonly committee: number;
  readonly layout: BatchLayout;
  /** 0x-hex. */
  readonly root: string;
  /** Months of 30 days; 0 = for ever. */
  readonly months: number;
}

/** Appends the segments of what was stored, unless the log has them already, and tells the members. */
export async function publishSegments(
  needs: PublishNeeds,
  stored: readonly Publishable[],
  months: number,
  signal: AbortSignal,
): Promise<PublishedBatch[]> {
  const count = await needs.committeeCount();
  const published: PublishedBatch[] = [];
  for (const { committee, segments } of batchesFor(stored, count)) {
    const layout = layOut(segments);
    const draft = { committee, layout, root: hexlify(layout.root), months };
    const { known, latest } = await lookUp(needs, draft, signal);
    const batch = known ?? (await append(needs, draft, latest, signal));
    const toldMembers = await tell(needs, batch, layout, signal);
    published.push({ ...batch, known: known !== undefined, toldMembers });
  }
  return published;
}

/** The segments in their order, each once, cut into batches of one committee: the same again for the same segments. */
export function batchesFor(
  stored: readonly Publishable[],
  count: number,
): { readonly committee: number; readonly segments: readonly BatchSegment[] }[] {
  const unique = new Map<string, BatchSegment>();
  for (const { segments } of stored)
    for (const { commitment, shape } of segments) {
      const name = nameOf(commitment);
      if (!unique.has(name)) unique.set(name, { commitment, shape });
    }
  const byCommittee = Map.groupBy(unique.values(), ({ commitment }) => committeeOf(commitment, count));
  return [...byCommittee].flatMap(([committee, segments]) =>
    Array.from({ length: Math.ceil(segments.length / MAX_TOLD_SEGMENTS) }, (_, number) => ({
      committee,
      segments: segments.slice(number * MAX_TOLD_SEGMENTS, (number + 1) * MAX_TOLD_SEGMENTS),
    })),
  );
}

/** What the log has of a draft: a batch that does for it, and the latest that does not. */
async function lookUp(
  { provider, deployment, transactions }: PublishNeeds,
  { root, months }: Draft,
  signal: AbortSignal,
): Promise<{ readonly known?: LoggedBatch; readonly latest?: LoggedBatch }> {
  const now = BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
  let latest: LoggedBatch | undefined;
  for await (const batch of batchesOf(provider, deployment, root, transactions.address, signal)) {
    if (batch.expiry === 0n || (months !== 0 && batch.expiry > now)) return { known: batch };
    latest ??= batch;
  }
  return latest === undefined ? {} : { latest };
}

/** @param latest batch of the same segments that has expired or ends sooner than it should */
async function append(
  needs: PublishNeeds,
  draft: Draft,
  latest: LoggedBatch | undefined,
  signal: AbortSignal,
): Promise<LoggedBatch> {
  const { provider, deployment, transactions } = needs;
  const { root, committee, months, layout } = draft;
  const to = contractAddress(deployment, "StorageLog");
  const log = IStorageLog__factory.connect(to, provider);
  const order = { root, committee, segments: layout.segments.length, units: layout.units, months };
  const fee = await log.feeUp(layout.units, months);
  const bonds = IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider);
  // A batch that came between may have used the allowance up: then approving again is a new job.
  const approval = `storage/approve/${root}/${await log.batchCount()}/${fee}`;
  await ensureAllowance(
    provider,
    transactions,
    { token: await bonds.token(), spender: to, amount: fee, key: approval },
    signal,
  );
  const data = log.interface.encodeFunctionData("append", [order, fee]);
  const key = `storage/publish/${root}/${months === 0 ? "ever" : "lease"}/${latest?.id ?? "first"}`;
  await transactions.send({ key, to, data }, signal);
  const { known } = await lookUp(needs, draft, signal);
  if (known !== undefined) return known;
  throw new RetryableError(
    "storage/not-appended",
    `the batch ${root} is not in the log (a reorg?); publish again`,
    { root },
  );
}

async function tell(
  { api, membersOf }: PublishNeeds,
  batch: LoggedBatch,
  layout: BatchLayout,
  signal: AbortSignal,
): Promise<number> {
  const publication = publicationOf(batch, layout.segments);
  const members = await membersOf(batch.committee);
  const told = await Promise.allSettled(
    members.map((member) => api.postPublication(member, publication, signal)),
  );
  signal.throwIfAborted();
  return told.filter(({ status }) => status === "fulfilled").length;
}
