import type { Provider } from "ethers";
import type { FastifyInstance } from "fastify";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { fromBase64 } from "../../runtime/platform/bytes.ts";
import { batchInBlock, type LoggedBatch } from "../chain/publications.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { type BatchLayout, type BatchSegment, layOut, parseBatch } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { type Publication, parsePublication } from "../format/publication.ts";
import { requireShape } from "../format/shapeRules.ts";
import type { RouteHooks } from "./routeHooks.ts";

const MAX_BODY_BYTES = 1024 * 1024;

export interface PublicationRoutesNeeds {
  readonly segments: SegmentStore;
  readonly lists: BatchIndex;
  readonly provider: Provider;
  readonly deployment: Deployment;
  readonly hooks: RouteHooks;
  /** Number of the committee that this node serves on. */
  readonly committee: number;
  /** Blocks on top of a batch's block before it counts. */
  readonly confirmations: number;
}

/** POST of a publication: a batch on the log that pays for segments gives their uploader the credit back. */
export function addPublicationRoutes(server: FastifyInstance, needs: PublicationRoutesNeeds): void {
  server.post(
    "/publications",
    {
      bodyLimit: MAX_BODY_BYTES,
      onRequest: needs.hooks.signed.onRequest,
      preHandler: needs.hooks.signed.preHandler,
      onError: needs.hooks.countRefusal,
    },
    async (request, reply) => {
      await accept(needs, parsePublication(request.body));
      return reply.code(204).send();
    },
  );
}

async function accept(needs: PublicationRoutesNeeds, { id, block, segments }: Publication): Promise<void> {
  const list = parseBatch(fromBase64(segments));
  const batch = await settledBatch(needs, BigInt(id), block);
  const layout = layOut(list);
  checkContents(batch, layout);
  await checkShapes(needs.segments, list);
  // Who did not sign for the batch learns here what it must hold.
  if (!(await needs.lists.has(nameOf(layout.root)))) await needs.lists.put(list);
  const commitments = list.map(({ commitment }) => nameOf(commitment));
  await needs.segments.markPublished({
    kind: "published",
    batch: batch.id,
    commitments,
  });
}

/** The batch, if it is deep enough in the chain and this node's committee is paid to hold it. */
async function settledBatch(
  { provider, deployment, confirmations, committee }: PublicationRoutesNeeds,
  id: bigint,
  block: number,
): Promise<LoggedBatch> {
  const batch = await batchInBlock(provider, deployment, id, block);
  const latest = await provider.getBlock("latest");
  if (batch === undefined || latest === null || latest.number < block + confirmations)
    throw new RetryableError(
      "storage/unknown-batch",
      `this node's chain has no settled batch ${id} in block ${block} yet`,
      { id: id.toString(), block },
    );
  if (batch.committee !== committee)
    throw new FatalError(
      "storage/wrong-committee",
      `batch ${id} pays committee ${batch.committee}, this node serves on ${committee}`,
      { paid: batch.committee, committee },
    );
  if (batch.expiry === 0n || batch.expiry > BigInt(latest.timestamp)) return batch;
  throw new FatalError(
    "storage/expired-batch",
    `batch ${id} was paid until ${new Date(Number(batch.expiry) * 1_000).toISOString()}; publish its segments again`,
    { id: id.toString(), expiry: Number(batch.expiry) },
  );
}

/** The batch must be of these segments, and pay for what they are. */
function checkContents(batch: LoggedBatch, layout: BatchLayout): void {
  const root = `0x${nameOf(layout.root)}`;
  if (root !== batch.root || layout.segments.length !== batch.segments)
    throw new FatalError(
      "storage/wrong-batch",
      `the segments have root ${root}, batch ${batch.id} has ${batch.root}`,
      {
        expected: batch.root,
        found: root,
      },
    );
  if (layout.units === batch.units) return;
  throw new FatalError(
    "storage/wrong-units",
    `batch ${batch.id} pays for ${batch.units} units, its segments have ${layout.units}`,
    {
      paid: Number(batch.units),
      units: Number(layout.units),
    },
  );
}

/** What lies here must have the shape that was paid for. */
async function checkShapes(segments: SegmentStore, list: readonly BatchSegment[]): Promise<void> {
  for (const { commitment, shape } of list) {
    const name = nameOf(commitment);
    const entry = await segments.index.segment(name);
    if (entry !== undefined) requireShape(name, entry.shape, shape);
  }
}
