import { getBytes } from "ethers";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { MAX_KEY_BYTES, STREAM_ID_BYTES } from "../format/limits.ts";
import type { StreamReader } from "../state/streamReader.ts";
import type { StreamState } from "../state/streamState.ts";
import type { AnnouncementBook } from "./announcementBook.ts";
import type { OpenStreams } from "./openStreams.ts";
import type { KnownStall } from "./replayDuty.ts";
import { newestCheckpoint } from "./windows.ts";
import { batchToJson, forgeryToJson, pageToJson, stallOf, streamToJson, valueToJson } from "./wire.ts";

export interface StreamRoutesNeeds {
  readonly book: AnnouncementBook;
  readonly streams: OpenStreams;
  readonly windowBlocks: number;
  /** Number of the newest block that was looked at. */
  height(): number;
  stalls(): ReadonlyMap<string, KnownStall>;
}

/** Most items of one page. */
export const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;
const MOST_FORGERIES = 100;

const bytesUpTo = (most: number) =>
  z
    .string()
    .regex(/^0x([0-9a-f]{2})*$/i, "is no 0x-hex of whole bytes")
    .transform((text) => Buffer.from(getBytes(text)))
    .refine(({ length }) => length <= most, `has more than ${most} bytes`);
const key = bytesUpTo(MAX_KEY_BYTES);
const number = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const params = z.object({
  id: bytesUpTo(STREAM_ID_BYTES).refine(({ length }) => length === STREAM_ID_BYTES, "is no id of a stream"),
});
const valueQuery = z.object({ key, at: number.optional(), proof: flag.default(false) }).strict();
const pageQuery = z
  .object({
    prefix: key.optional(),
    from: key.optional(),
    reverse: flag.default(false),
    limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
    at: number.optional(),
  })
  .strict();

/** GET of where a stream is, of a value (with its proof), of a page of keys, of what came of a batch, and of forgeries. */
export function addStreamRoutes(server: FastifyInstance, needs: StreamRoutesNeeds): void {
  const { book, streams, stalls } = needs;
  server.get("/streams/:id", async (request) => {
    const { id } = read(params, request.params);
    const { head } = (await known(streams, id)).state;
    const stall = stalls().get(id.toString("hex"));
    const place = { windowBlocks: needs.windowBlocks, height: needs.height() };
    const checkpoint = await newestCheckpoint(book, id, head, place);
    return streamToJson({
      ...{ id, version: head.number, root: head.root, announced: await book.count(id) },
      ...(checkpoint && { checkpoint: { version: checkpoint.number, root: checkpoint.root } }),
      ...(stall && { stall: stallOf(stall) }),
    });
  });
  server.get("/streams/:id/value", async (request) => {
    const { id } = read(params, request.params);
    const { key: wanted, at, proof } = read(valueQuery, request.query);
    const open = await known(streams, id);
    if (proof) return await proven(streams, id, wanted, at);
    const version = versionFor(open.state, at);
    return valueToJson(version, await open.reader.get(wanted, version));
  });
  server.get("/streams/:id/page", async (request) => {
    const { id } = read(params, request.params);
    const { at, ...order } = read(pageQuery, request.query);
    const { state, reader } = await known(streams, id);
    const version = versionFor(state, at);
    return pageToJson(version, await reader.page({ ...defined(order), at: version }));
  });
  server.get("/streams/:id/batches/:version", async (request) => {
    const { id, version } = read(params.extend({ version: number }), request.params);
    return await batchAt(needs, id, version);
  });
  server.get("/streams/:id/forgeries", async (request) => {
    const { id } = read(params, request.params);
    return (await book.forgeries(id, MOST_FORGERIES)).map(forgeryToJson);
  });
}

/** Nobody may change the state while a proof is made. */
async function proven(
  streams: OpenStreams,
  id: Buffer,
  key: Buffer,
  at: number | undefined,
): Promise<object> {
  return await streams.change(id, async (state) => {
    const version = versionFor(state, at);
    const { number, root, checkpoints } = state.head;
    const proof = await state.prove(key, version);
    const point = version === number ? root : checkpoints.find((one) => one.number === version)!.root;
    return valueToJson(version, proof.entry, { root: point, ...proof });
  });
}

async function batchAt(
  { book, streams, stalls }: StreamRoutesNeeds,
  id: Buffer,
  version: number,
): Promise<object> {
  const [announced] = version === 0 ? [] : await book.after(id, version - 1, 1);
  if (announced?.version !== version)
    throw new FatalError("kv/not-found", `no batch ${version} of the stream was announced`, { version });
  const outcome = await (await streams.find(id))?.reader.outcome(version);
  if (outcome !== undefined)
    return batchToJson(announced, outcome.refusal ? "refused" : "taken", outcome.refusal);
  const isMissed = stalls().get(id.toString("hex"))?.version === version;
  return batchToJson(announced, isMissed ? "missing" : "waiting");
}

/** A version that is not there yet is no old one: the reader may come back. */
function versionFor(state: StreamState, at: number | undefined): number {
  const { number: newest } = state.head;
  if (at === undefined || at <= newest) return at ?? newest;
  throw new RetryableError("kv/not-replayed", `this node has replayed the stream up to version ${newest}`, {
    newest,
  });
}

async function known(
  streams: OpenStreams,
  id: Buffer,
): Promise<{ readonly state: StreamState; readonly reader: StreamReader }> {
  const found = await streams.find(id);
  if (found !== undefined) return found;
  throw new FatalError(
    "kv/unknown-stream",
    "this node follows no such stream, or nothing was announced for it",
  );
}

function read<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FatalError("kv/bad-request", `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim());
}

/** Without the parts that were left out. */
function defined({ prefix, from, ...order }: Omit<z.output<typeof pageQuery>, "at">) {
  return { ...order, ...(prefix && { prefix }), ...(from && { from }) };
}
