import type { FastifyInstance, onErrorHookHandler } from "fastify";
import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import { requireSignature } from "../../runtime/http/authentication.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { LogLedger } from "../chain/logLedger.ts";
import { ENTRY_BYTES, layOut, parseBatch } from "../format/batch.ts";
import { inclusionToJson } from "../format/inclusion.ts";
import { nameOf, parseName } from "../format/names.ts";
import { MAX_PACKED_OBJECT_BYTES } from "../format/pack.ts";
import { createRequestGate } from "../node/requestGate.ts";
import { bodyOf } from "../node/segmentRoutes.ts";
import type { DraftBook, DraftRecord } from "./draftBook.ts";
import type { PublisherMetrics } from "./metrics.ts";
import type { Order, OrderBook } from "./orderBook.ts";
import { proveInclusion } from "./proofs.ts";

/** Most segments of one order: 1 GiB of data. */
export const MAX_ORDER_SEGMENTS = 256;

export interface OrderRoutesNeeds {
  readonly orders: OrderBook;
  readonly drafts: DraftBook;
  readonly ledger: LogLedger;
  readonly verifier: RequestVerifier;
  readonly metrics: PublisherMetrics;
  /** Orders taken at once. */
  readonly maxOrders: number;
  /** Orders looked up at once. */
  readonly maxLookUps: number;
  /** An order was accepted. */
  readonly wake: () => void;
  readonly signal: AbortSignal;
}

/** POST of small objects and of lists of stored segments, signed by their writer; GET of what has become of an order. */
export function addOrderRoutes(server: FastifyInstance, needs: OrderRoutesNeeds): void {
  const { orders, metrics } = needs;
  const { onRequest, preHandler } = requireSignature(needs.verifier);
  const onError: onErrorHookHandler = (_request, _reply, error, done) => {
    metrics.refused(error instanceof MyceliaError ? error.code : "storage/failed");
    done();
  };
  const hooks = { onRequest: [createRequestGate({ most: needs.maxOrders }), onRequest], preHandler, onError };
  const accepted = (order: Order) => {
    metrics.accepted(order.content.bytes);
    needs.wake();
    return { id: order.id, state: order.state.is, ...nameIn(order) };
  };
  server.post("/objects", { ...hooks, bodyLimit: MAX_PACKED_OBJECT_BYTES }, async (request, reply) => {
    reply.code(202);
    return accepted(await orders.acceptObject(request.signer, bodyOf(request.rawBody), Date.now()));
  });
  const limit = { bodyLimit: MAX_ORDER_SEGMENTS * ENTRY_BYTES };
  server.post("/orders", { ...hooks, ...limit }, async (request, reply) => {
    const segments = parseBatch(bodyOf(request.rawBody));
    requireUnique(segments.map(({ commitment }) => nameOf(commitment)));
    reply.code(202);
    return accepted(await orders.acceptSegments(request.signer, segments, Date.now()));
  });
  const read = { onRequest: [createRequestGate({ most: needs.maxLookUps })], onError };
  server.get<{ Params: { id: string } }>("/orders/:id", read, async (request) => {
    const order = await orders.find(nameOf(parseName(request.params.id)));
    if (order !== undefined) return await tell(needs, order);
    throw new FatalError("storage/not-found", "this publisher knows no such order", {
      id: request.params.id,
    });
  });
}

function requireUnique(names: readonly string[]): void {
  if (new Set(names).size === names.length) return;
  throw new FatalError("storage/bad-batch", "not an order: a segment comes twice");
}

/** Proofs are made when they are asked for: against the log as it is now. */
async function tell({ drafts, ledger, signal }: OrderRoutesNeeds, order: Order): Promise<object> {
  const { id, state } = order;
  const base = { id, ...nameIn(order) };
  if (state.is !== "drafted")
    return { ...base, state: state.is, ...(state.is === "failed" && { reason: state.reason }) };
  const found = await Promise.all(state.drafts.map((number) => drafts.find(number)));
  const batches = found.map((draft) => publishedIn(draft));
  if (batches.some((batch) => batch === undefined)) return { ...base, state: "pending" };
  const known = batches.filter((batch) => batch !== undefined);
  const proofs = await proveInclusion(ledger, known, signal);
  const wanted = wantedBy(order);
  const own = proofs.filter(({ segment }) => wanted.has(nameOf(segment.commitment)));
  return {
    ...base,
    state: "published",
    batches: known.map(({ json }) => json),
    proofs: own.map((proof) => inclusionToJson(proof)),
  };
}

function publishedIn(draft: DraftRecord | undefined) {
  if (draft?.published === undefined) return undefined;
  const { published, committee } = draft;
  const { id, block, transaction, expiry, state, slotsCovered } = published;
  const json = { id: `${id}`, committee, block, transaction, expiry: Number(expiry), state, slotsCovered };
  return { id, contents: layOut(draft.segments).segments, json };
}

/** Commitments of the segments that an order named, or of the pack that its object lies in. */
function wantedBy({ content, state }: Order): Set<string> {
  if (content.kind === "segments")
    return new Set(content.segments.map(({ commitment }) => nameOf(commitment)));
  return new Set(state.is === "drafted" && state.pack !== undefined ? [state.pack] : []);
}

function nameIn({ content }: Order): { readonly object?: string } {
  return content.kind === "object" ? { object: nameOf(content.name) } : {};
}
