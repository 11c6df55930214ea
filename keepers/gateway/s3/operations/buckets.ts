import { isGranted } from "../../access/credentials.ts";
import { openPayload, readAll } from "../../body/payload.ts";
import type { GatewayParts } from "../../parts.ts";
import { Refusal } from "../../refusal.ts";
import type { BucketCall, S3Answer, S3Call } from "../call.ts";
import { MAX_XML_BYTES, readXml } from "../xml/read.ts";
import { documentOf, element, root } from "../xml/write.ts";

export const XML_TYPE = { "content-type": "application/xml" };

/** @throws Refusal NoSuchBucket */
export async function requireBucket({ names }: Pick<GatewayParts, "names">, bucket: string): Promise<void> {
  if ((await names.bucket(bucket)) !== undefined) return;
  throw new Refusal("NoSuchBucket", "there is no such bucket", { bucket });
}

/** The buckets that the caller may read. */
export async function listBuckets({ authentication }: S3Call, { names }: GatewayParts): Promise<S3Answer> {
  const key = authentication!.key;
  const buckets = [];
  for await (const { name, created } of names.buckets()) {
    if (!isGranted(key, name, "read")) continue;
    const date = element("CreationDate", new Date(created).toISOString());
    buckets.push(element("Bucket", element("Name", name), date));
  }
  const owner = element("Owner", element("ID", key.id), element("DisplayName", key.id));
  const body = documentOf(root("ListAllMyBucketsResult", owner, element("Buckets", ...buckets)));
  return { status: 200, headers: XML_TYPE, body };
}

export async function createBucket(call: BucketCall, { names, body }: GatewayParts): Promise<S3Answer> {
  const { bucket } = call.target;
  // Where it is to be made is no question here: there is one place.
  const payload = openPayload(call.raw, call.authentication!, { ...body, maxBytes: MAX_XML_BYTES });
  const text = await readAll(payload);
  if (text.length > 0) readXml(text, "CreateBucketConfiguration");
  if (!(await names.createBucket({ name: bucket, created: Date.now() })))
    throw new Refusal("BucketAlreadyOwnedByYou", "there is a bucket of this name", { bucket });
  return { status: 200, headers: { location: `/${bucket}` } };
}

export async function headBucket({ target }: BucketCall, parts: GatewayParts): Promise<S3Answer> {
  await requireBucket(parts, target.bucket);
  return { status: 200 };
}

export async function deleteBucket({ target }: BucketCall, { names }: GatewayParts): Promise<S3Answer> {
  await names.deleteBucket(target.bucket);
  return { status: 204 };
}

/** Empty for the region that S3 began with, and that is the gateway's by default. */
export function getBucketLocation(region: string) {
  return async ({ target }: BucketCall, parts: GatewayParts): Promise<S3Answer> => {
    await requireBucket(parts, target.bucket);
    const place = region === "us-east-1" ? "" : region;
    return { status: 200, headers: XML_TYPE, body: documentOf(root("LocationConstraint", place)) };
  };
}
