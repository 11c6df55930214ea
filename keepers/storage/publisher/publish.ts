import { hexlify } from "ethers";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { type CommitteeMember, contractAddress } from "../chain/committeeView.ts";
import type { LoggedBatch } from "../chain/publications.ts";
import { committeeOf } from "../chain/rendezvous.ts";
import type { PublishedBatch, StoredParts } from "../client/clientTypes.ts";
import { type BatchLayout, type BatchSegment, layOut } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { sizeOf, stateOf } from "../format/placement.ts";
import { MAX_TOLD_SEGMENTS, publicationOf } from "../format/publication.ts";
import { type AppendNeeds, ensureAppended, topUp } from "./append.ts";
import type { Draft } from "./drafts.ts";

export interface PublishNeeds extends AppendNeeds {
  /** Number of open committees. */
  readonly committeeCount: () => Promise<number>;
  readonly membersOf: (committee: number) => Promise<readonly CommitteeMember[]>;
}

type Publishable = Pick<StoredParts, "segments">;

/** Publishes the segments of what was stored, a batch for each committee that holds some. @throws as `publishDraft` */
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
    published.push(await publishDraft(needs, draft, signal));
  }
  return published;
}

/**
 * Has a batch on the log, paid once, with a certificate that makes it final at least, and tells the members.
 * @throws as `ensureAppended` and `topUp`
 */
export async function publishDraft(
  needs: PublishNeeds,
  draft: Draft,
  signal: AbortSignal,
): Promise<PublishedBatch> {
  const { batch, known } = await ensureAppended(needs, draft, signal);
  // What was appended before there were certificates counts once it has one.
  const slots = known ? await topUp(needs, batch.id, draft, "final", signal) : await coverageOf(needs, batch);
  const slotsCovered = sizeOf(slots);
  const toldMembers = await tell(needs, batch, draft.layout, signal);
  const contents = draft.layout.segments;
  return { ...batch, known, slotsCovered, state: stateOf(slotsCovered), contents, toldMembers };
}

async function coverageOf({ provider, deployment }: PublishNeeds, { id }: LoggedBatch): Promise<bigint> {
  return await IStorageLog__factory.connect(contractAddress(deployment, "StorageLog"), provider).coverageOf(
    id,
  );
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
