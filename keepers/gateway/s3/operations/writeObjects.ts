import { headerOf } from "../../access/request.ts";
import { openPayload, readAll } from "../../body/payload.ts";
import { etagOf, requireReadable, writeCondition } from "../../conditions.ts";
import type { Checksum, ObjectRecord } from "../../names/names.ts";
import { type GatewayParts, nameStored } from "../../parts.ts";
import { Refusal } from "../../refusal.ts";
import { type BucketCall, type ObjectCall, requireKey, type S3Answer, targetOf } from "../call.ts";
import { objectHeadersOf } from "../metadata.ts";
import { MAX_XML_BYTES, malformed, readXml, type XmlElement } from "../xml/read.ts";
import { documentOf, element, optional, root, type Xml } from "../xml/write.ts";
import { requireBucket, XML_TYPE } from "./buckets.ts";
import { requireObject } from "./readObjects.ts";

const MAX_DELETED = 1_000;

export async function putObject(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const { target, headers, signal } = call;
  await requireBucket(parts, target.bucket);
  const kept = objectHeadersOf(headers);
  const condition = writeCondition(headers);
  condition?.(await parts.names.get(target.bucket, target.key));
  const payload = openPayload(call.raw, call.authentication!, parts.body);
  // The name comes after the end of the bytes, which comes only when they are what was said and signed.
  const stored = await parts.objects.put(payload.bytes, signal);
  parts.metrics.received(stored.size);
  const { checksum } = payload;
  const record = await nameStored(parts, target, stored, {
    record: { ...kept, ...(checksum && { checksum }) },
    ...(condition && { condition }),
  });
  return { status: 200, headers: { etag: etagOf(record), ...checksumHeader(checksum) } };
}

export function checksumHeader(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value };
}

/** @throws Refusal InvalidArgument, and those of a target */
export function copySourceOf(call: ObjectCall): ObjectCall["target"] {
  const source = headerOf(call.headers, "x-amz-copy-source") ?? "";
  const [path = "", version] = source.replace(/^\//, "").split("?versionId=");
  if (version !== undefined) throw new Refusal("NotImplemented", "this gateway keeps no versions");
  const { bucket, key } = targetOf(path);
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new Refusal("InvalidArgument", "x-amz-copy-source is not <bucket>/<key>");
}

/** Gives another name to the same bytes; whoever may read the source has been asked. */
export async function copyObject(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const { target, headers } = call;
  const from = copySourceOf(call);
  const source = await requireObject(parts, from);
  requireReadable(headers, { etag: etagOf(source), modified: source.modified }, "x-amz-copy-source-");
  const replaces = headerOf(headers, "x-amz-metadata-directive")?.toUpperCase() === "REPLACE";
  if (!replaces && from.bucket === target.bucket && from.key === target.key)
    throw new Refusal("InvalidRequest", "an object is copied onto itself only to replace its metadata");
  const kept = replaces ? objectHeadersOf(headers) : source;
  const { objectRoot, size, checksum } = source;
  const record: ObjectRecord = {
    ...{ objectRoot, size, modified: Date.now(), headers: kept.headers, metadata: kept.metadata },
    ...(checksum && { checksum }),
  };
  const condition = writeCondition(headers);
  await parts.names.put(target.bucket, target.key, record, condition && { condition });
  const modified = element("LastModified", new Date(record.modified).toISOString());
  const body = documentOf(root("CopyObjectResult", modified, element("ETag", etagOf(record))));
  return { status: 200, headers: XML_TYPE, body };
}

export async function deleteObject(
  { target, headers }: ObjectCall,
  { names }: GatewayParts,
): Promise<S3Answer> {
  await names.delete(target.bucket, target.key, deleteCondition(headerOf(headers, "if-match")));
  return { status: 204 };
}

export async function deleteObjects(call: BucketCall, parts: GatewayParts): Promise<S3Answer> {
  const { bucket } = call.target;
  await requireBucket(parts, bucket);
  const payload = openPayload(call.raw, call.authentication!, { ...parts.body, maxBytes: MAX_XML_BYTES });
  const order = readXml(await readAll(payload), "Delete");
  const objects = order.all("Object");
  if (objects.length === 0 || objects.length > MAX_DELETED)
    throw malformed(`it names ${objects.length} objects, not 1 to ${MAX_DELETED}`);
  const isQuiet = order.text("Quiet")?.trim() === "true";
  const outcomes: Xml[] = [];
  for (const object of objects) {
    const outcome = await deleteOne(parts, bucket, object);
    if (outcome.failed || !isQuiet) outcomes.push(outcome.xml);
  }
  return { status: 200, headers: XML_TYPE, body: documentOf(root("DeleteResult", ...outcomes)) };
}

async function deleteOne(
  { names }: GatewayParts,
  bucket: string,
  object: XmlElement,
): Promise<{ readonly failed: boolean; readonly xml: Xml }> {
  const key = object.requireText("Key");
  const version = object.text("VersionId");
  try {
    if (version !== undefined) throw new Refusal("NotImplemented", "this gateway keeps no versions");
    requireKey(key);
    await names.delete(bucket, key, deleteCondition(object.text("ETag")));
    return { failed: false, xml: element("Deleted", element("Key", key)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const what = [element("Code", error.s3Code), element("Message", error.message)];
    return {
      failed: true,
      xml: element("Error", element("Key", key), optional("VersionId", version), ...what),
    };
  }
}

function deleteCondition(match: string | undefined) {
  return match === undefined ? undefined : writeCondition({ "if-match": match });
}
