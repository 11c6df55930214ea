import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Authentication } from "../access/authenticate.ts";
import type { SignableRequest } from "../access/request.ts";
import { decode } from "../access/request.ts";
import { Refusal } from "../refusal.ts";

/** What a request is about: nothing, a bucket, or a key in one. */
export interface Target {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

/** A request to S3's door whose signature has been checked. */
export interface S3Call {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly target: Target;
  readonly query: ReadonlyMap<string, string>;
  /** Those of a presigned request that stand in its query too. */
  readonly headers: IncomingHttpHeaders;
  /** Undefined for who has not signed. */
  readonly authentication: Authentication | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A call about a key. */
export interface ObjectCall extends S3Call {
  readonly target: { readonly bucket: string; readonly key: string };
}

/** A call about a bucket. */
export interface BucketCall extends S3Call {
  readonly target: { readonly bucket: string; readonly key: undefined };
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export const MAX_KEY_BYTES = 1_024;
const BUCKET = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** @param path as it was sent, from the bucket on @throws Refusal InvalidBucketName, KeyTooLongError, InvalidArgument */
export function targetOf(path: string): Target {
  const at = path.indexOf("/");
  const bucket = decode(at < 0 ? path : path.slice(0, at));
  const key = at < 0 ? "" : decode(path.slice(at + 1));
  if (bucket === "" && key === "") return { bucket: undefined, key: undefined };
  requireBucketName(bucket);
  if (key === "") return { bucket, key: undefined };
  requireKey(key);
  return { bucket, key };
}

/** @throws Refusal InvalidBucketName */
export function requireBucketName(name: string): void {
  if (BUCKET.test(name)) return;
  const message = "a bucket is named by 3 to 63 lower-case letters, digits, dots and hyphens";
  throw new Refusal("InvalidBucketName", message, { bucket: name.slice(0, 80) });
}

/** @throws Refusal KeyTooLongError, InvalidArgument */
export function requireKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new Refusal("KeyTooLongError", `a key has ${MAX_KEY_BYTES} bytes at most`);
  if (key === "" || key.includes("\0") || !key.isWellFormed())
    throw new Refusal("InvalidArgument", "a key is a text that is not empty and has no NUL in it");
}

const PRESIGNED_HEADER =
  /^x-amz-(?!algorithm$|credential$|date$|expires$|signedheaders$|signature$|security-token$)/;

/** What a presigned URL carries for its bearer counts as if it had been sent as a header; the signature covers both. */
export function headersOf(request: SignableRequest, isPresigned: boolean): IncomingHttpHeaders {
  if (!isPresigned) return request.headers;
  const carried = request.query
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => PRESIGNED_HEADER.test(name));
  return { ...Object.fromEntries(carried), ...request.headers };
}
