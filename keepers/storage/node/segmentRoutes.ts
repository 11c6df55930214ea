import type { FastifyInstance } from "fastify";
import type { Codec } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { CommitteeView } from "../chain/committeeView.ts";
import { heldStrips } from "../disk/segmentIndex.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { SLOTS } from "../format/limits.ts";
import { nameOf, parseName } from "../format/names.ts";
import { elementsOf, rowsPerStrip, setOf, slotOfStrip } from "../format/placement.ts";
import { receiptToJson, signReceipt } from "../format/receipts.ts";
import {
  encodeStripsAnswer,
  MAX_UPLOAD_BYTES,
  parseUpload,
  type SegmentHead,
  type SegmentUpload,
  stripsPerAnswer,
} from "../format/segmentFormat.ts";
import { checkStrip, type Strip } from "../format/stripFormat.ts";
import type { StorageMetrics } from "./metrics.ts";
import type { RouteHooks } from "./routeHooks.ts";

export interface SegmentRoutesNeeds {
  readonly segments: SegmentStore;
  readonly codec: Codec;
  readonly committee: CommitteeView;
  readonly signer: KeySigner;
  readonly chainId: number;
  readonly metrics: StorageMetrics;
  readonly hooks: RouteHooks;
}

interface Named {
  Params: { commitment: string };
}

/** PUT and GET of segments: strips in, receipt out; head and strips back. */
export function addSegmentRoutes(server: FastifyInstance, needs: SegmentRoutesNeeds): void {
  const { segments, metrics, hooks } = needs;
  server.put<Named>(
    "/segments/:commitment",
    { bodyLimit: MAX_UPLOAD_BYTES, onRequest: hooks.upload, onError: hooks.countRefusal },
    async (request) => {
      const commitment = parseName(request.params.commitment);
      const upload = parseUpload(bodyOf(request.rawBody));
      return await accept(needs, commitment, request.signer.toLowerCase(), upload);
    },
  );
  server.get<Named>("/segments/:commitment", { ...hooks.read }, async (request, reply) => {
    const head = await segments.head(parseName(request.params.commitment));
    if (head === undefined) throw notFound(request.params.commitment);
    metrics.served(head.length);
    return reply.type("application/octet-stream").send(head);
  });
  server.get<Named & { Querystring: { numbers?: string } }>(
    "/segments/:commitment/strips",
    { ...hooks.read },
    async (request, reply) => {
      const answer = await readStrips(segments, parseName(request.params.commitment), request.query.numbers);
      metrics.served(answer.length);
      return reply.type("application/octet-stream").send(answer);
    },
  );
}

/** @throws FatalError storage/bad-segment when no binary body came */
export function bodyOf(body: Uint8Array | undefined): Uint8Array {
  if (body !== undefined) return body;
  throw new FatalError("storage/bad-segment", "the request has no body; send application/octet-stream");
}

async function accept(
  needs: SegmentRoutesNeeds,
  commitment: Uint8Array,
  uploader: string,
  upload: SegmentUpload,
) {
  const mine = await ownedSlots(needs, commitment, upload);
  const held = await needs.segments.index.segment(nameOf(commitment));
  const before = held === undefined ? 0n : heldStrips(held);
  const strips = upload.strips.filter(({ number }) => ((before >> BigInt(number)) & 1n) === 0n);
  await checkStrips(needs.codec, commitment, upload.head, strips);
  const stored = await needs.segments.putStrips(commitment, uploader, { ...upload, strips });
  const { shape } = upload.head;
  const rows = stored.added * rowsPerStrip(shape);
  needs.metrics.stored(stored.added, rows, rows * shape.rowSize);
  const slots = setOf(elementsOf(stored.held).map((strip) => slotOfStrip(strip, commitment))) & mine;
  const scope = { chainId: needs.chainId, committee: needs.committee.address };
  return receiptToJson(await signReceipt(needs.signer, scope, { commitment, shape, slots }));
}

/** Slots of this node. @throws FatalError storage/not-my-slot when the upload carries a strip of another one */
async function ownedSlots(
  needs: SegmentRoutesNeeds,
  commitment: Uint8Array,
  upload: SegmentUpload,
): Promise<bigint> {
  const wanted = setOf(upload.strips.map(({ number }) => slotOfStrip(number, commitment)));
  let mine = 0n;
  for (const fresh of [false, true]) {
    const { members } = await needs.committee.current(fresh);
    const self = needs.signer.address.toLowerCase();
    mine = members.find(({ signer }) => signer.toLowerCase() === self)?.slots ?? 0n;
    if ((wanted & ~mine) === 0n) return mine;
  }
  const foreign = elementsOf(wanted & ~mine);
  throw new FatalError(
    "storage/not-my-slot",
    `slots ${foreign.join(", ")} belong to other members; read the owner table again`,
    {
      slots: foreign,
    },
  );
}

/**
 * Bytes of rows that are checked before other requests get their turn: a millisecond or two. Fewer would cost more: the tables
 * that a segment's rows are checked with take half a MiB, and are out of the processor's cache after each turn.
 */
const bytesPerTurn = 512 * 1024;

/** Checks strips one after the other, some a turn. */
async function checkStrips(
  codec: Codec,
  commitment: Uint8Array,
  { shape, rowRoot, rlc }: SegmentHead,
  strips: readonly Strip[],
): Promise<void> {
  if (strips.length === 0) return;
  const checker = await codec.checker(commitment, shape, rlc);
  let checked = 0;
  for (const strip of strips) {
    checkStrip(strip, shape, rowRoot, checker);
    checked += strip.rows.length;
    if (checked < bytesPerTurn) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    checked = 0;
  }
}

async function readStrips(
  segments: SegmentStore,
  commitment: Uint8Array,
  query: string | undefined,
): Promise<Uint8Array> {
  const wanted = parseNumbers(query);
  const entry = await segments.index.segment(nameOf(commitment));
  if (entry === undefined) throw notFound(nameOf(commitment));
  const held = heldStrips(entry);
  const found = wanted.filter((number) => ((held >> BigInt(number)) & 1n) === 1n);
  const strips = await segments.strips(commitment, found.slice(0, stripsPerAnswer(entry.shape)));
  return encodeStripsAnswer({ held, strips }, entry.shape);
}

/** Rising numbers out of "1,2,3"; every number when absent; none when empty. @throws FatalError storage/bad-numbers */
function parseNumbers(query: unknown): number[] {
  if (query === undefined) return Array.from({ length: SLOTS }, (_, number) => number);
  if (query === "") return [];
  if (typeof query === "string" && query.length <= 4 * SLOTS && /^\d{1,3}(,\d{1,3})*$/.test(query)) {
    const numbers = [...new Set(query.split(",").map(Number))].sort((a, b) => a - b);
    if (numbers.at(-1)! < SLOTS) return numbers;
  }
  throw new FatalError("storage/bad-numbers", `numbers are a list like "0,7,255", each below ${SLOTS}`, {
    numbers: String(query).slice(0, 80),
  });
}

function notFound(name: string): FatalError {
  return new FatalError("storage/not-found", `this node holds nothing of segment ${name}`, { name });
}
