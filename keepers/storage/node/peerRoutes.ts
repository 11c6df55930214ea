import type { FastifyInstance } from "fastify";
import { FatalError } from "../../runtime/errors.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import { heldStrips } from "../disk/segmentIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { encodeHoldings, MAX_HOLDINGS, parseCommitments } from "../format/holdings.ts";
import { HASH_BYTES } from "../format/limits.ts";
import { nameOf, parseName } from "../format/names.ts";
import type { RouteHooks } from "./routeHooks.ts";
import { bodyOf } from "./segmentRoutes.ts";

export interface PeerRoutesNeeds {
  readonly segments: SegmentStore;
  readonly lists: BatchIndex;
  readonly hooks: RouteHooks;
}

/** What members ask each other: which strips of these segments do you hold, and what is in this batch. */
export function addPeerRoutes(server: FastifyInstance, needs: PeerRoutesNeeds): void {
  const { segments, lists, hooks } = needs;
  server.post(
    "/holdings",
    {
      bodyLimit: MAX_HOLDINGS * HASH_BYTES,
      onRequest: hooks.signed.onRequest,
      preHandler: hooks.signed.preHandler,
    },
    async (request, reply) => {
      const sets: bigint[] = [];
      for (const commitment of parseCommitments(bodyOf(request.rawBody))) {
        const entry = await segments.index.segment(nameOf(commitment));
        sets.push(entry === undefined ? 0n : heldStrips(entry));
      }
      return reply.type("application/octet-stream").send(encodeHoldings(sets));
    },
  );
  server.get<{ Params: { root: string } }>("/batches/:root", { ...hooks.read }, async (request, reply) => {
    const root = nameOf(parseName(request.params.root));
    const list = await lists.list(root);
    if (list === undefined) {
      throw new FatalError("storage/not-found", `this node does not know what is in batch ${root}`, {
        name: root,
      });
    }
    return reply.type("application/octet-stream").send(list);
  });
}
