import { openPayload } from "../../body/payload.ts";
import { MAX_PARTS } from "../../multipart/partList.ts";
import type { UploadPlace } from "../../multipart/uploadRecords.ts";
import type { GatewayParts } from "../../parts.ts";
import { Refusal } from "../../refusal.ts";
import type { BucketCall, ObjectCall, S3Answer } from "../call.ts";
import { objectHeadersOf } from "../metadata.ts";
import { documentOf, element, optional, root, type Xml } from "../xml/write.ts";
import { requireBucket, XML_TYPE } from "./buckets.ts";
import { encoderOf, limitOf } from "./listObjects.ts";
import { checksumHeader } from "./writeObjects.ts";

export function placeOf({ target, query }: ObjectCall): UploadPlace {
  return { ...target, uploadId: query.get("uploadId") ?? "" };
}

export async function createMultipartUpload(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const { bucket, key } = call.target;
  await requireBucket(parts, bucket);
  const { uploadId } = await parts.uploads.begin(bucket, key, objectHeadersOf(call.headers));
  const body = documentOf(
    root(
      "InitiateMultipartUploadResult",
      ...[element("Bucket", bucket), element("Key", key), element("UploadId", uploadId)],
    ),
  );
  return { status: 200, headers: XML_TYPE, body };
}

export async function uploadPart(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const number = partNumberOf(call.query.get("partNumber"));
  const place = placeOf(call);
  await parts.uploads.require(place);
  const payload = openPayload(call.raw, call.authentication!, parts.body);
  const leave = await parts.partWrites.take(call.signal);
  try {
    const { bytes, size } = payload;
    const arriving = { number, bytes, size, checksum: () => payload.checksum };
    const part = await parts.uploads.putPart(place, arriving);
    parts.metrics.received(part.size);
    return { status: 200, headers: { etag: `"${part.sha256}"`, ...checksumHeader(part.checksum) } };
  } finally {
    leave();
  }
}

export async function abortMultipartUpload(call: ObjectCall, { uploads }: GatewayParts): Promise<S3Answer> {
  await uploads.abort(placeOf(call));
  return { status: 204 };
}

export async function listParts(call: ObjectCall, { uploads }: GatewayParts): Promise<S3Answer> {
  const { query, target } = call;
  const place = placeOf(call);
  await uploads.require(place);
  const limit = limitOf(query.get("max-parts"), "max-parts");
  const after = limitOfMarker(query.get("part-number-marker"));
  const listed: Xml[] = [];
  let [last, isTruncated] = [after, false];
  for await (const [number, part] of uploads.parts(place.uploadId, after)) {
    isTruncated = listed.length === limit;
    if (isTruncated) break;
    const { sha256, size, modified, checksum } = part;
    const name = checksum && `Checksum${checksum.algorithm.toUpperCase()}`;
    listed.push(
      element(
        "Part",
        element("PartNumber", number),
        element("LastModified", new Date(modified).toISOString()),
        ...[element("ETag", `"${sha256}"`), element("Size", size)],
        name && element(name, checksum.value),
      ),
    );
    last = number;
  }
  const body = documentOf(
    root(
      "ListPartsResult",
      ...[element("Bucket", target.bucket), element("Key", encoderOf(query)(target.key))],
      ...[element("UploadId", place.uploadId), element("StorageClass", "STANDARD")],
      ...[element("PartNumberMarker", after), element("MaxParts", limit)],
      element("IsTruncated", isTruncated),
      optional("NextPartNumberMarker", isTruncated ? last : undefined),
      ...listed,
    ),
  );
  return { status: 200, headers: XML_TYPE, body };
}

export async function listMultipartUploads(call: BucketCall, parts: GatewayParts): Promise<S3Answer> {
  const { query, target } = call;
  const { bucket } = target;
  await requireBucket(parts, bucket);
  if (query.get("delimiter"))
    throw new Refusal("NotImplemented", "uploads are not listed by delimiters here");
  const limit = limitOf(query.get("max-uploads"), "max-uploads");
  const prefix = query.get("prefix") ?? "";
  const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
  const encode = encoderOf(query);
  const listed: Xml[] = [];
  let [last, isTruncated] = [undefined as UploadPlace | undefined, false];
  for await (const [place, { initiated }] of parts.uploads.uploads(
    bucket,
    prefix,
    behind(keyMarker, idMarker),
  )) {
    isTruncated = listed.length === limit;
    if (isTruncated) break;
    const names = [element("Key", encode(place.key)), element("UploadId", place.uploadId)];
    const begun = element("Initiated", new Date(initiated).toISOString());
    listed.push(element("Upload", ...names, element("StorageClass", "STANDARD"), begun));
    last = place;
  }
  const body = documentOf(
    root(
      "ListMultipartUploadsResult",
      ...[element("Bucket", bucket), element("Prefix", encode(prefix)), element("MaxUploads", limit)],
      ...[element("KeyMarker", encode(keyMarker)), element("UploadIdMarker", idMarker)],
      ...[optional("EncodingType", query.get("encoding-type")), element("IsTruncated", isTruncated)],
      optional("NextKeyMarker", isTruncated ? last && encode(last.key) : undefined),
      optional("NextUploadIdMarker", isTruncated ? last?.uploadId : undefined),
      ...listed,
    ),
  );
  return { status: 200, headers: XML_TYPE, body };
}

/** First place behind a marker: with an id behind that upload, without one behind all of the key. */
function behind(key: string, uploadId: string) {
  if (key === "") return undefined;
  return uploadId === "" ? { key, uploadId: "\u{10ffff}" } : { key, uploadId: `${uploadId}\0` };
}

/** @throws Refusal InvalidArgument */
function partNumberOf(text: string | undefined): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text ?? "") && number >= 1 && number <= MAX_PARTS) return number;
  throw new Refusal("InvalidArgument", `a part number is 1 to ${MAX_PARTS}`);
}

function limitOfMarker(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Refusal("InvalidArgument", "part-number-marker is no part number");
}
