import { encodeUri } from "../../access/canonical.ts";
import { etagOf } from "../../conditions.ts";
import { type Listing, type ListingOrder, list } from "../../listing.ts";
import type { ObjectRecord } from "../../names/names.ts";
import type { GatewayParts } from "../../parts.ts";
import { Refusal } from "../../refusal.ts";
import type { BucketCall, S3Answer } from "../call.ts";
import { documentOf, element, optional, root, type Xml } from "../xml/write.ts";
import { requireBucket, XML_TYPE } from "./buckets.ts";

const MOST = 1_000;

export async function listObjectsV2(call: BucketCall, parts: GatewayParts): Promise<S3Answer> {
  const { query } = call;
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const after = token === undefined ? startAfter : readToken(token);
  const { listing, common } = await listed(call, parts, after === "" ? undefined : after);
  const encode = encoderOf(query);
  return answer(
    root(
      "ListBucketResult",
      ...common,
      element("KeyCount", listing.objects.length + listing.commonPrefixes.length),
      optional("ContinuationToken", token),
      optional("StartAfter", startAfter && encode(startAfter)),
      optional("NextContinuationToken", listing.next && writeToken(listing.next)),
    ),
  );
}

export async function listObjectsV1(call: BucketCall, parts: GatewayParts): Promise<S3Answer> {
  const { query } = call;
  const marker = query.get("marker") ?? "";
  const { listing, common } = await listed(call, parts, marker === "" ? undefined : marker);
  const encode = encoderOf(query);
  const next = query.get("delimiter") ? listing.next : undefined;
  return answer(
    root(
      "ListBucketResult",
      ...common,
      element("Marker", encode(marker)),
      optional("NextMarker", next && encode(next)),
    ),
  );
}

/** A number of things that may be listed at once. @throws Refusal InvalidArgument */
export function limitOf(text: string | undefined, name: string): number {
  if (text === undefined || text === "") return MOST;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0x7fffffff)
    throw new Refusal("InvalidArgument", `${name} is no number from 0 to 2147483647`);
  return Math.min(MOST, Number(text));
}

/** How keys are written: XML can't carry all that they may hold. @throws Refusal InvalidArgument */
export function encoderOf(query: BucketCall["query"]): (key: string) => string {
  const type = query.get("encoding-type");
  if (type === undefined) return (key) => key;
  if (type !== "url") throw new Refusal("InvalidArgument", `the encoding-type can only be "url"`);
  return (key) => key.split("/").map(encodeUri).join("/");
}

async function listed(
  { target, query }: BucketCall,
  parts: GatewayParts,
  after: string | undefined,
): Promise<{ readonly listing: Listing; readonly common: readonly (Xml | undefined)[] }> {
  await requireBucket(parts, target.bucket);
  const limit = limitOf(query.get("max-keys"), "max-keys");
  const delimiter = query.get("delimiter") || undefined;
  const order: ListingOrder = { prefix: query.get("prefix") ?? "", delimiter, after, limit };
  const listing = await list(parts.names, target.bucket, order);
  const encode = encoderOf(query);
  const common = [
    element("Name", target.bucket),
    element("Prefix", encode(order.prefix)),
    optional("Delimiter", delimiter && encode(delimiter)),
    element("MaxKeys", limit),
    optional("EncodingType", query.get("encoding-type")),
    element("IsTruncated", listing.next !== undefined),
    ...listing.objects.map(([key, record]) => contents(encode(key), record)),
    ...listing.commonPrefixes.map((prefix) => element("CommonPrefixes", element("Prefix", encode(prefix)))),
  ];
  return { listing, common };
}

function contents(key: string, record: ObjectRecord): Xml {
  return element(
    "Contents",
    element("Key", key),
    element("LastModified", new Date(record.modified).toISOString()),
    element("ETag", etagOf(record)),
    element("Size", record.size),
    element("StorageClass", "STANDARD"),
  );
}

function writeToken(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

/** @throws Refusal InvalidArgument */
function readToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString("utf8");
  if (token !== "" && writeToken(key) === token) return key;
  throw new Refusal("InvalidArgument", "the continuation token is none of this gateway");
}

function answer(xml: Xml): S3Answer {
  return { status: 200, headers: XML_TYPE, body: documentOf(xml) };
}
