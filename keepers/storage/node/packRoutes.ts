import type { FastifyInstance } from "fastify";
import { FatalError } from "../../runtime/errors.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { locationsToJson, MAX_LOCATIONS, type ObjectLocation } from "../format/locations.ts";
import { nameOf, parseName } from "../format/names.ts";
import { MAX_TABLE_STRIPS_BYTES, parseTableStrips } from "../format/packStrips.ts";
import type { RouteHooks } from "./routeHooks.ts";
import { bodyOf } from "./segmentRoutes.ts";

interface PackRoutesNeeds {
  readonly segments: SegmentStore;
  readonly hooks: RouteHooks;
}

/**
 * PUT of the strips that say what a segment packs, and GET of where an object lies. The table is proven, but a member can't
 * check its names against bytes that others hold: a lie costs its writer the price of a segment, and a reader one read; it
 * checks the bytes by their hash and takes the next place.
 */
export function addPackRoutes(server: FastifyInstance, { segments, hooks }: PackRoutesNeeds): void {
  server.put<{ Params: { commitment: string } }>(
    "/packs/:commitment",
    { bodyLimit: MAX_TABLE_STRIPS_BYTES, onRequest: hooks.upload, onError: hooks.countRefusal },
    async (request, reply) => {
      const commitment = parseName(request.params.commitment);
      await accept(segments, commitment, bodyOf(request.rawBody));
      return reply.code(204).send();
    },
  );
  server.get<{ Params: { name: string }; Querystring: { after?: string } }>(
    "/objects/:name",
    { ...hooks.read },
    async (request) => {
      const name = nameOf(parseName(request.params.name));
      const { after } = request.query;
      const locations = await locate(segments, name, after === undefined ? "" : nameOf(parseName(after)));
      if (locations.length > 0) return locationsToJson(locations);
      throw new FatalError("storage/not-found", `this node knows no place of object ${name}`, { name });
    },
  );
}

async function accept(segments: SegmentStore, commitment: Uint8Array, body: Uint8Array): Promise<void> {
  const name = nameOf(commitment);
  const segment = await segments.index.segment(name);
  if (segment === undefined)
    throw new FatalError("storage/not-found", `this node holds nothing of segment ${name}`, { name });
  if (segment.pack !== undefined) return;
  const { table, entries } = parseTableStrips(body, segment);
  await segments.putPack(commitment, table, entries);
}

/** Places in segments that are still held. A page may hold fewer than there are: the reader goes on behind the last. */
async function locate(segments: SegmentStore, name: string, after: string): Promise<ObjectLocation[]> {
  const locations: ObjectLocation[] = [];
  for (let from = after; locations.length === 0; ) {
    const places = await segments.index.places(name, from, MAX_LOCATIONS);
    const last = places.at(-1);
    if (last === undefined) return [];
    for (const { commitment, place } of places) {
      const segment = await segments.index.segment(commitment);
      if (segment?.pack === undefined) continue;
      locations.push({ commitment: parseName(commitment), shape: segment.shape, ...place });
    }
    from = last.commitment;
  }
  return locations;
}
