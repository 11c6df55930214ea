import type { Provider } from "ethers";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Deployment } from "../../runtime/context.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { batchInBlock, batchRoot, type LoggedBatch } from "../chain/publications.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { parseManifest } from "../format/manifest.ts";
import { nameOf, parseName } from "../format/names.ts";
import { codedBytes } from "../format/shapeRules.ts";
import type { RouteHooks } from "./routeHooks.ts";

/** Segments of a batch that a node is told about in one request. */
export const MAX_BATCH_SEGMENTS = 4_096;
const MAX_BATCH_OBJECTS = 4_096;
const MAX_BODY_BYTES = 1024 * 1024;

const name = z.string().regex(/^[0-9a-f]{64}$/);
const publication = z.strictObject({
  index: z.string().regex(/^\d{1,39}$/),
  block: z.number().int().nonnegative(),
  commitments: z.array(name).min(1).max(MAX_BATCH_SEGMENTS),
  objects: z.array(name).max(MAX_BATCH_OBJECTS),
});

/** What a client tells members after it has appended a batch: which batch, and what is in it. */
export type Publication = z.infer<typeof publication>;

export interface PublicationRoutesNeeds {
  readonly segments: SegmentStore;
  readonly provider: Provider;
  readonly deployment: Deployment;
  readonly hooks: RouteHooks;
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

function parsePublication(body: unknown): Publication {
  const parsed = publication.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new FatalError(
    "storage/bad-publication",
    `not a publication: ${z.prettifyError(parsed.error).slice(0, 400)}`,
  );
}

async function accept(
  needs: PublicationRoutesNeeds,
  { index, block, commitments, objects }: Publication,
): Promise<void> {
  const batch = await batchInBlock(needs.provider, needs.deployment, BigInt(index), block);
  if (batch === undefined || (await needs.provider.getBlockNumber()) < block + needs.confirmations) {
    throw new RetryableError(
      "storage/unknown-batch",
      `this node's chain has no settled batch ${index} in block ${block} yet`,
      {
        index,
        block,
      },
    );
  }
  checkContents(batch, commitments);
  await checkPaid(needs.segments, batch, commitments);
  await needs.segments.markPublished({
    kind: "published",
    batch: batch.index,
    owner: batch.owner.toLowerCase(),
    commitments,
    roots: await coveredObjects(needs.segments, objects, new Set(commitments)),
  });
}

function checkContents(batch: LoggedBatch, commitments: readonly string[]): void {
  const root = `0x${nameOf(batchRoot(commitments.map(parseName)))}`;
  if (root === batch.root && commitments.length === batch.segments) return;
  throw new FatalError(
    "storage/wrong-batch",
    `the segments have root ${root}, batch ${batch.index} has ${batch.root}`,
    {
      expected: batch.root,
      found: root,
    },
  );
}

/** The batch must pay for at least what of it lies here. */
async function checkPaid(
  segments: SegmentStore,
  batch: LoggedBatch,
  commitments: readonly string[],
): Promise<void> {
  let bytes = 0n;
  for (const commitment of new Set(commitments)) {
    const entry = await segments.index.segment(commitment);
    if (entry !== undefined) bytes += BigInt(codedBytes(entry.shape));
  }
  if (bytes <= batch.size) return;
  throw new FatalError(
    "storage/underpaid",
    `batch ${batch.index} pays for ${batch.size} bytes, its segments have ${bytes}`,
    {
      paidBytes: batch.size,
      bytes,
    },
  );
}

/** Objects that are held here and lie in the batch wholly. */
async function coveredObjects(
  segments: SegmentStore,
  objects: readonly string[],
  commitments: ReadonlySet<string>,
): Promise<string[]> {
  const covered: string[] = [];
  for (const root of objects) {
    const bytes = await segments.manifest(parseName(root));
    if (bytes === undefined) continue;
    const inside = parseManifest(bytes).segments.every(({ commitment }) =>
      commitments.has(nameOf(commitment)),
    );
    if (inside) covered.push(root);
  }
  return covered;
}
