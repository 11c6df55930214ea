import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { FatalError } from "../runtime/errors.ts";
import { isLoopback } from "../runtime/http/addresses.ts";
import { parseName } from "../storage/format/names.ts";
import { type AccessKey, type Credentials, isGranted, type Right } from "./access/credentials.ts";
import { headerOf } from "./access/request.ts";
import { BodyReader } from "./body/bodyReader.ts";
import { requireReadable } from "./conditions.ts";
import { answerAbortedBy, letGo } from "./exchange.ts";
import type { GatewayParts } from "./parts.ts";
import { contentRange, rangeOf } from "./ranges.ts";
import { Refusal } from "./refusal.ts";

/** Who reads by root without an access key. */
export type OpenReads = "loopback" | "everybody" | "nobody";

export interface PlainDoorNeeds {
  readonly parts: GatewayParts;
  readonly credentials: Credentials;
  readonly openReads: OpenReads;
}

interface Rooted {
  Params: { root: string };
}

/** Of what S3's door has other numbers for, or none. */
const STATUSES = {
  "gateway/entity-too-large": 413,
  "gateway/invalid-range": 416,
  "gateway/other-root": 409,
  "gateway/request-timeout": 408,
} as const;
/** What an object of a root is, it is for ever. */
const FOR_EVER = "public, max-age=31536000, immutable";

/**
 * Adds the door for whoever has no use for names: GET and HEAD of any object by its root, PUT of bytes for a root.
 * Access keys come by HTTP's own basic authentication; errors are problem documents.
 */
export function addPlainDoor(server: FastifyInstance, needs: PlainDoorNeeds): void {
  const { parts } = needs;
  for (const [code, status] of Object.entries(STATUSES)) server.statuses.set(code, status);
  server.route<Rooted>({
    method: ["GET", "HEAD"],
    url: "/objects/:root",
    handler: async (request, reply) => {
      requireRight(request, needs, "read");
      return await read(request, reply, parts);
    },
  });
  server.put("/objects", async (request, reply) => await write(request, reply, needs));
  server.put<Rooted>("/objects/:root", async (request, reply) => {
    parseName(request.params.root);
    return await write(request, reply, needs, request.params.root);
  });
}

async function read(
  request: FastifyRequest<Rooted>,
  reply: FastifyReply,
  { objects, metrics, signal }: GatewayParts,
): Promise<FastifyReply> {
  const { root } = request.params;
  parseName(root);
  const etag = `"${root}"`;
  const { headers, method } = request.raw;
  const known = conditionStatus(headers, etag);
  if (known !== undefined) return await reply.code(known).header("etag", etag).send();
  const object = await objects.open(root, answerAbortedBy(request, signal));
  const range = byteRange(reply, headerOf(headers, "range"), object.size);
  const length = range?.length ?? object.size;
  reply.code(range === undefined ? 200 : 206).headers({
    ...{ etag, "accept-ranges": "bytes", "cache-control": FOR_EVER },
    ...{ "content-type": "application/octet-stream", "x-content-type-options": "nosniff" },
    "content-length": String(length),
    ...(range && { "content-range": contentRange(range, object.size) }),
  });
  if (method === "HEAD") return await reply.send();
  metrics.sent(length);
  return await reply.send(length === 0 ? Readable.from([]) : await object.open(range));
}

/** @param wanted root that the bytes must have */
async function write(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: PlainDoorNeeds,
  wanted?: string,
): Promise<FastifyReply> {
  const { parts } = needs;
  try {
    requireRight(request, needs, "write");
    const body = new BodyReader(request.raw, parts.body);
    const stored = await parts.objects.put(body, answerAbortedBy(request, parts.signal));
    if (wanted !== undefined && stored.objectRoot !== wanted) {
      const message = `the bytes have another root: ${stored.objectRoot}`;
      throw new FatalError("gateway/other-root", message, { wanted, root: stored.objectRoot });
    }
    await parts.backlog.add(stored.segments);
    parts.metrics.received(stored.size);
    const { objectRoot: root, size } = stored;
    await letGo(request.raw, reply);
    return await reply
      .code(201)
      .headers({ etag: `"${root}"`, location: `/objects/${root}` })
      .send({ root, size });
  } catch (error) {
    await letGo(request.raw, reply);
    throw error;
  }
}

/** Status of an answer that has no need of the object; its root says all. */
function conditionStatus(headers: IncomingHttpHeaders, etag: string): 304 | 412 | undefined {
  try {
    requireReadable(headers, { etag, modified: undefined });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal && error.s3Code === "NotModified") return 304;
    if (error instanceof Refusal && error.s3Code === "PreconditionFailed") return 412;
    throw error;
  }
}

function byteRange(reply: FastifyReply, header: string | undefined, size: number) {
  try {
    return rangeOf(header, size);
  } catch (error) {
    reply.header("content-range", `bytes */${size}`);
    throw error;
  }
}

/** @throws FatalError gateway/unauthenticated, gateway/forbidden */
function requireRight(
  request: FastifyRequest,
  { credentials, openReads }: PlainDoorNeeds,
  right: Right,
): void {
  const isOpen = openReads === "everybody" || (openReads === "loopback" && isLoopback(request.ip));
  const header = headerOf(request.raw.headers, "authorization");
  if (right === "read" && isOpen && header === undefined) return;
  const key = keyOf(header, credentials);
  if (key === undefined)
    throw new FatalError(
      "gateway/unauthenticated",
      "this needs an access key: basic authentication with its id and secret",
    );
  if (!isGranted(key, undefined, right))
    throw new FatalError(
      "gateway/forbidden",
      `the key may not ${right} objects by their roots; that takes a grant on "*"`,
    );
}

function keyOf(header: string | undefined, credentials: Credentials): AccessKey | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]{1,1024})$/i.exec(header ?? "") ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const at = text.indexOf(":");
  const key = credentials.get(text.slice(0, Math.max(0, at)));
  // Hashed, so that the secret's length tells nothing either.
  const isSame = timingSafeEqual(digest(text.slice(at + 1)), digest(key?.secret ?? ""));
  return isSame ? key : undefined;
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
