import { hexlify, type JsonRpcProvider } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IStorageLogV1__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLogV1__factory.js";
import type { Deployment } from "../../runtime/context.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import { ensureAllowance } from "../chain/allowance.ts";
import { type CommitteeMember, contractAddress } from "../chain/committeeView.ts";
import { batchRoot, findBatch, type LoggedBatch } from "../chain/publications.ts";
import type { ManifestSegment } from "../format/manifest.ts";
import { nameOf } from "../format/names.ts";
import { codedBytes } from "../format/shapeRules.ts";
import { MAX_BATCH_SEGMENTS, type Publication } from "../node/publicationRoutes.ts";
import type { PublishedBatch, PutResult } from "./clientTypes.ts";
import type { MemberApi } from "./memberApi.ts";

export interface PublishNeeds {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly transactions: TransactionSender;
  readonly api: MemberApi;
  readonly members: readonly CommitteeMember[];
}

type Publishable = Pick<PutResult, "manifest" | "objectRoot">;

/** Appends the segments of some objects as one batch, unless the log has it already, and tells the members. */
export async function publishObjects(
  needs: PublishNeeds,
  objects: readonly Publishable[],
  signal: AbortSignal,
): Promise<PublishedBatch> {
  const segments = uniqueSegments(objects);
  const commitments = segments.map(({ commitment }) => commitment);
  const root = hexlify(batchRoot(commitments));
  const found = await findBatch(needs.provider, needs.deployment, root, needs.transactions.address, signal);
  const batch = found ?? (await append(needs, root, segments, signal));
  const publication: Publication = {
    index: batch.index.toString(),
    block: batch.block,
    commitments: commitments.map(nameOf),
    objects: objects.map(({ objectRoot }) => nameOf(objectRoot)),
  };
  return { ...batch, known: found !== undefined, toldMembers: await tell(needs, publication, signal) };
}

/** The segments in their order, each once: packed or repeated content is paid for once. */
function uniqueSegments(objects: readonly Publishable[]): ManifestSegment[] {
  const unique = new Map<string, ManifestSegment>();
  for (const { manifest } of objects) {
    for (const segment of manifest.segments) {
      const name = nameOf(segment.commitment);
      if (!unique.has(name)) unique.set(name, segment);
    }
  }
  if (unique.size > 0 && unique.size <= MAX_BATCH_SEGMENTS) return [...unique.values()];
  throw new FatalError(
    "storage/batch-too-large",
    `a batch has 1 to ${MAX_BATCH_SEGMENTS} segments, not ${unique.size}`,
    {
      segments: unique.size,
      maxSegments: MAX_BATCH_SEGMENTS,
    },
  );
}

async function append(
  { provider, deployment, transactions }: PublishNeeds,
  root: string,
  segments: readonly ManifestSegment[],
  signal: AbortSignal,
): Promise<LoggedBatch> {
  const to = contractAddress(deployment, "StorageLog");
  const log = IStorageLogV1__factory.connect(to, provider);
  const size = segments.reduce((sum, { shape }) => sum + BigInt(codedBytes(shape)), 0n);
  const fee = await log.feeUp(size);
  const bonds = IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider);
  // A batch that came between may have used the allowance up: then approving again is a new job.
  const key = `storage/approve/${root}/${await log.batchCount()}/${fee}`;
  await ensureAllowance(
    provider,
    transactions,
    { token: await bonds.token(), spender: to, amount: fee, key },
    signal,
  );
  const data = log.interface.encodeFunctionData("append", [root, segments.length, size, fee]);
  await transactions.send({ key: `storage/publish/${root}`, to, data }, signal);
  const batch = await findBatch(provider, deployment, root, transactions.address, signal);
  if (batch !== undefined) return batch;
  throw new RetryableError(
    "storage/not-appended",
    `the batch ${root} is not in the log (a reorg?); publish again`,
    { root },
  );
}

async function tell(
  { api, members }: PublishNeeds,
  publication: Publication,
  signal: AbortSignal,
): Promise<number> {
  const told = await Promise.allSettled(
    members.map((member) => api.postPublication(member, publication, signal)),
  );
  signal.throwIfAborted();
  return told.filter(({ status }) => status === "fulfilled").length;
}
