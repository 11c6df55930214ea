import { Readable } from "node:stream";
import { headerOf } from "../../access/request.ts";
import { etagOf, requireReadable } from "../../conditions.ts";
import type { ObjectRecord } from "../../names/names.ts";
import type { GatewayParts } from "../../parts.ts";
import { type ByteRange, contentRange, rangeOf } from "../../ranges.ts";
import { Refusal } from "../../refusal.ts";
import type { ObjectCall, S3Answer } from "../call.ts";
import { DESCRIBING, headersFrom } from "../metadata.ts";
import { requireBucket } from "./buckets.ts";

export async function getObject(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const { record, range, headers, status } = await look(call, parts);
  const length = range?.length ?? record.size;
  parts.metrics.sent(length);
  if (length === 0) return { status, headers, body: Readable.from([]) };
  const object = await parts.objects.open(record.objectRoot, call.signal);
  if (object.size !== record.size)
    throw new Refusal("InternalError", "the object is not as long as its name says", {
      key: call.target.key,
    });
  return { status, headers, body: await object.open(range) };
}

export async function headObject(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const { headers, status } = await look(call, parts);
  return { status, headers };
}

/** @throws Refusal NoSuchBucket, NoSuchKey */
export async function requireObject(
  parts: Pick<GatewayParts, "names">,
  { bucket, key }: ObjectCall["target"],
): Promise<ObjectRecord> {
  const record = await parts.names.get(bucket, key);
  if (record !== undefined) return record;
  await requireBucket(parts, bucket);
  throw new Refusal("NoSuchKey", "there is no object of this key", { bucket, key: key.slice(0, 128) });
}

async function look({ target, headers, query, authentication }: ObjectCall, parts: GatewayParts) {
  const record = await requireObject(parts, target);
  requireReadable(headers, { etag: etagOf(record), modified: record.modified });
  const range = rangeFor(headers, record);
  const overrides = authentication === undefined ? {} : overridesOf(query);
  return {
    ...{ record, range, status: range === undefined ? 200 : 206 },
    headers: {
      ...headersFrom(record),
      ...overrides,
      etag: etagOf(record),
      "last-modified": new Date(record.modified).toUTCString(),
      "accept-ranges": "bytes",
      "content-length": String(range?.length ?? record.size),
      ...(range && { "content-range": contentRange(range, record.size) }),
      ...checksumHeaders(record, headerOf(headers, "x-amz-checksum-mode"), range),
    },
  };
}

/** A range of a version that is gone is none (RFC 9110, 13.1.5). */
function rangeFor(headers: ObjectCall["headers"], record: ObjectRecord): ByteRange | undefined {
  const condition = headerOf(headers, "if-range");
  if (condition !== undefined && condition !== etagOf(record)) return undefined;
  return rangeOf(headerOf(headers, "range"), record.size);
}

/** A checksum is that of the whole object: of no use to who reads a part. */
function checksumHeaders(
  { checksum }: ObjectRecord,
  mode: string | undefined,
  range: ByteRange | undefined,
): Record<string, string> {
  if (checksum === undefined || mode?.toUpperCase() !== "ENABLED" || range !== undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, "x-amz-checksum-type": "FULL_OBJECT" };
}

function overridesOf(query: ObjectCall["query"]): Record<string, string> {
  const given = DESCRIBING.flatMap((name) => {
    const value = query.get(`response-${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (given.some(([, value]) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
    throw new Refusal("InvalidArgument", "a header of the answer can't have this value");
  return Object.fromEntries(given);
}
