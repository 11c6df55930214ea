import { setImmediate } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { BlsSigner } from "../../runtime/keys/blsKey.ts";
import type { CommitteeView } from "../chain/committeeView.ts";
import { mayLieIn } from "../chain/rendezvous.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import type { PendingBatches } from "../disk/pendingBatches.ts";
import { heldStrips } from "../disk/segmentIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { type BatchSegment, ENTRY_BYTES, layOut, parseBatch } from "../format/batch.ts";
import {
  batchDigest,
  batchReceiptToJson,
  type LogScope,
  type TableVersion,
} from "../format/batchReceipts.ts";
import { nameOf } from "../format/names.ts";
import { elementsOf, sizeOf, stripsOfSlots } from "../format/placement.ts";
import { requireShape } from "../format/shapeRules.ts";
import type { RouteHooks } from "./routeHooks.ts";
import { bodyOf } from "./segmentRoutes.ts";

/** Most segments of a batch that a node signs for: 16 GiB of data, and a fraction of a second of its time. */
export const MAX_SIGNED_SEGMENTS = 4_096;
const SEGMENTS_PER_TURN = 64;

export interface BatchRoutesNeeds {
  readonly segments: SegmentStore;
  readonly batches: BatchIndex;
  readonly pending: PendingBatches;
  readonly committee: CommitteeView;
  /** Number of open committees. */
  readonly committeeCount: () => Promise<number>;
  /** Address of the key that signs this node's requests, by which the table knows it. */
  readonly self: string;
  readonly bls: BlsSigner;
  readonly scope: LogScope;
  readonly hooks: RouteHooks;
}

interface Query {
  Querystring: { committee?: string; version?: string };
}

/**
 * POST of a batch that somebody is about to append: its segments in their order, and the version of the table that the
 * certificate will name. The answer is this member's BLS receipt. The list is durable before it is signed: whoever signs must
 * know what it will be audited on, whatever becomes of the publisher. The term is not part of a receipt; the log has it.
 */
export function addBatchRoutes(server: FastifyInstance, needs: BatchRoutesNeeds): void {
  const { hooks } = needs;
  server.post<Query>(
    "/batches",
    {
      bodyLimit: MAX_SIGNED_SEGMENTS * ENTRY_BYTES,
      onRequest: hooks.credited.onRequest,
      preHandler: hooks.credited.preHandler,
      onError: hooks.countRefusal,
    },
    async ({ query, rawBody, signer }) => {
      const table = { committee: numberOf(query.committee), version: numberOf(query.version) };
      return await accept(needs, table, parseBatch(bodyOf(rawBody)), signer.toLowerCase());
    },
  );
}

function numberOf(text: unknown): number {
  if (typeof text === "string" && /^\d{1,10}$/.test(text)) return Number(text);
  throw new FatalError(
    "storage/bad-batch",
    "say which table the certificate will name: /batches?committee=<number>&version=<number>",
  );
}

async function accept(
  needs: BatchRoutesNeeds,
  table: TableVersion,
  segments: readonly BatchSegment[],
  asker: string,
): Promise<object> {
  const { seat, slots } = await ownPlace(needs, table);
  await checkPlaces(needs, table.committee, segments);
  await checkHeld(needs.segments, segments, slots);
  const layout = layOut(segments);
  await needs.pending.add(asker, nameOf(layout.root), segments.length, Date.now());
  await needs.batches.put(segments);
  return batchReceiptToJson(seat, needs.bls.sign(batchDigest(needs.scope, table, layout)));
}

/** @throws FatalError storage/wrong-committee; RetryableError storage/wrong-version, storage/no-slots */
async function ownPlace(
  { committee, self }: BatchRoutesNeeds,
  table: TableVersion,
): Promise<{ seat: number; slots: bigint }> {
  if (table.committee !== committee.committee)
    throw new FatalError(
      "storage/wrong-committee",
      `this node serves on committee ${committee.committee}, not ${table.committee}; read the owner table again`,
      { committee: committee.committee },
    );
  let state = await committee.current();
  if (state.version !== table.version) state = await committee.current(true);
  if (state.version !== table.version)
    throw new RetryableError(
      "storage/wrong-version",
      `the table of committee ${table.committee} has version ${state.version} here, not ${table.version}; read it again`,
      { version: state.version },
    );
  const own = state.members.find(({ signer }) => signer.toLowerCase() === self.toLowerCase());
  if (own !== undefined) return { seat: own.number, slots: own.slots };
  throw new RetryableError("storage/no-slots", "this node owns no slot now, so it has nothing to sign for");
}

async function checkPlaces(
  { committeeCount }: BatchRoutesNeeds,
  committee: number,
  segments: readonly BatchSegment[],
): Promise<void> {
  const count = await committeeCount();
  const names = new Set<string>();
  for (const { commitment } of segments) {
    const name = nameOf(commitment);
    if (names.has(name))
      throw new FatalError("storage/bad-batch", `not a batch: segment ${name} comes twice`, { name });
    names.add(name);
    if (!mayLieIn(commitment, committee, count))
      throw new FatalError(
        "storage/wrong-committee",
        `segment ${name} belongs to another of the ${count} committees; store it there`,
        { name, committees: count },
      );
  }
}

/** Every strip of the node's slots of every segment must be on its disk. @throws FatalError storage/not-held (409) */
async function checkHeld(
  store: SegmentStore,
  segments: readonly BatchSegment[],
  slots: bigint,
): Promise<void> {
  for (const [i, { commitment, shape }] of segments.entries()) {
    // Thousands of look-ups: other requests get their turn.
    if (i % SEGMENTS_PER_TURN === 0) await setImmediate();
    const name = nameOf(commitment);
    const entry = await store.index.segment(name);
    if (entry !== undefined) requireShape(name, entry.shape, shape);
    const wanted = stripsOfSlots(slots, commitment);
    const missing = wanted & ~(entry === undefined ? 0n : heldStrips(entry));
    if (missing === 0n) continue;
    throw new FatalError(
      "storage/not-held",
      `this node lacks ${sizeOf(missing)} of its ${sizeOf(wanted)} strips of segment ${name}; store them first`,
      { name, missing: elementsOf(missing) },
    );
  }
}
