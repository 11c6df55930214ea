import type { IncomingHttpHeaders } from "node:http";
import { headerOf } from "../access/request.ts";
import type { ObjectRecord } from "../names/names.ts";
import { notImplemented, Refusal } from "../refusal.ts";

export type ObjectHeaders = Pick<ObjectRecord, "headers" | "metadata">;

/** Headers that describe an object: kept with it, and what a signed query may put others for. */
export const DESCRIBING = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];
const METADATA = "x-amz-meta-";
const MAX_METADATA_BYTES = 2_048;
const MAX_HEADER_BYTES = 1_024;
/** Silence about one of these would be a lie. */
const PROMISES = /^x-amz-(server-side-encryption|object-lock-|tagging$|grant-|website-redirect-location$)/;

/** What of a request's headers is kept with an object. @throws Refusal MetadataTooLarge, NotImplemented, InvalidArgument */
export function objectHeadersOf(headers: IncomingHttpHeaders): ObjectHeaders {
  requireNoPromises(headers);
  const kept = DESCRIBING.map((name) => [name, keptValue(name, headerOf(headers, name))] as const).filter(
    (entry): entry is readonly [string, string] => entry[1] !== undefined,
  );
  const metadata = Object.keys(headers)
    .filter((name) => name.startsWith(METADATA))
    .map((name) => [name.slice(METADATA.length), headerOf(headers, name) ?? ""] as const);
  const bytes = metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > MAX_METADATA_BYTES)
    throw new Refusal("MetadataTooLarge", `metadata has ${MAX_METADATA_BYTES} bytes at most`, { bytes });
  return { headers: Object.fromEntries(kept), metadata: Object.fromEntries(metadata) };
}

/** The headers that an object is given back with. */
export function headersFrom({ headers, metadata }: ObjectHeaders): Record<string, string> {
  const own = Object.entries(metadata).map(([name, value]) => [METADATA + name, value]);
  return { "content-type": "binary/octet-stream", ...headers, ...Object.fromEntries(own) };
}

function keptValue(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (Buffer.byteLength(value) > MAX_HEADER_BYTES)
    throw new Refusal("InvalidArgument", `the header ${name} is longer than ${MAX_HEADER_BYTES} bytes`);
  if (name !== "content-encoding") return value;
  // How a body came is nothing that the object has.
  const encodings = value.split(",").map((encoding) => encoding.trim());
  const kept = encodings.filter((encoding) => encoding !== "aws-chunked" && encoding !== "");
  return kept.length === 0 ? undefined : kept.join(",");
}

function requireNoPromises(headers: IncomingHttpHeaders): void {
  const promise = Object.keys(headers).find((name) => PROMISES.test(name));
  if (promise !== undefined) throw notImplemented(promise);
  const acl = headerOf(headers, "x-amz-acl");
  if (acl !== undefined && acl !== "private") throw notImplemented(`the ACL "${acl.slice(0, 40)}"`);
  const storageClass = headerOf(headers, "x-amz-storage-class");
  if (storageClass !== undefined && storageClass !== "STANDARD")
    throw notImplemented(`the storage class "${storageClass.slice(0, 40)}"`);
}
