import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Authentication } from "../access/authenticate.ts";
import { headerOf } from "../access/request.ts";
import type { Checksum } from "../names/names.ts";
import { notImplemented, Refusal } from "../refusal.ts";
import { type BodyLimits, BodyReader, tooLarge } from "./bodyReader.ts";
import { type ChunkedBodyOptions, decodeChunks } from "./chunkedBody.ts";
import { Expectations } from "./expectations.ts";

/** The bytes that a request brings; they count only when their end has come without an error. */
export interface Payload {
  /** Read once. @throws Refusal when the bytes are not what the request has said or signed */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Bytes, where the request says so. */
  readonly size: number | undefined;
  /** After the end: what the request has said of the bytes, checked. */
  readonly checksum: Checksum | undefined;
}

const UNSIGNED = "UNSIGNED-PAYLOAD";
const SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const HASH = /^[0-9a-f]{64}$/;
/** What chunks may add to the bytes inside, as a share of them, and at least. */
const CHUNK_SHARE = 0.1;
const CHUNK_BYTES = 64 * 1024;

/**
 * Opens a request's body in whatever form it is sent; nothing of it is read yet.
 * @throws Refusal EntityTooLarge, MissingContentLength, InvalidDigest, InvalidRequest, NotImplemented
 */
export function openPayload(
  raw: IncomingMessage,
  { payloadHash, signer, signature }: Pick<Authentication, "payloadHash" | "signer" | "signature">,
  limits: BodyLimits,
): Payload {
  const { headers } = raw;
  const isChunked = payloadHash.startsWith("STREAMING-");
  const isHash = HASH.test(payloadHash);
  if (!isChunked && !isHash && payloadHash !== UNSIGNED)
    throw new Refusal(
      "InvalidArgument",
      "x-amz-content-sha256 is neither a SHA-256 in hex nor one of S3's words",
    );
  const size = sizeOf(headers, isChunked);
  if (size !== undefined && size > limits.maxBytes) throw tooLarge(limits.maxBytes);
  let trailers: ReadonlyMap<string, string> = new Map();
  const onTrailers = (read: ReadonlyMap<string, string>) => {
    trailers = read;
  };
  const expectations = new Expectations(headers, isHash ? payloadHash : undefined, () => trailers);
  const framed = isChunked ? Math.ceil(limits.maxBytes * (1 + CHUNK_SHARE)) + CHUNK_BYTES : limits.maxBytes;
  const body = new BodyReader(raw, { ...limits, maxBytes: framed });
  const signing = isSigned(payloadHash) ? { signer, signature } : undefined;
  const plain = isChunked ? insideOf(body, payloadHash, { signing, onTrailers }) : body;
  return {
    bytes: expectations.check(exactly(plain, size, limits.maxBytes)),
    size,
    get checksum() {
      return expectations.checksum;
    },
  };
}

/** All bytes of a short body. @throws as `Payload.bytes` */
export async function readAll({ bytes }: Payload): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

function isSigned(payloadHash: string): boolean {
  return payloadHash === SIGNED_CHUNKS || payloadHash === SIGNED_CHUNKS_TRAILER;
}

function insideOf(
  body: AsyncIterable<Uint8Array>,
  payloadHash: string,
  options: ChunkedBodyOptions,
): AsyncIterable<Uint8Array> {
  if (!isSigned(payloadHash) && payloadHash !== UNSIGNED_CHUNKS_TRAILER)
    throw notImplemented(`bodies of the kind ${payloadHash.slice(0, 64)}`);
  return decodeChunks(body, options);
}

/** @throws Refusal MissingContentLength, InvalidArgument */
function sizeOf(headers: IncomingHttpHeaders, isChunked: boolean): number | undefined {
  const name = isChunked ? "x-amz-decoded-content-length" : "content-length";
  const text = headerOf(headers, name);
  if (text === undefined) {
    if (isChunked) throw new Refusal("MissingContentLength", `a body in chunks needs the header ${name}`);
    return undefined;
  }
  const size = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(size)) return size;
  throw new Refusal("InvalidArgument", `${name} is no number of bytes`);
}

/** The same bytes, as many as were said. @throws Refusal IncompleteBody, EntityTooLarge */
async function* exactly(
  source: AsyncIterable<Uint8Array>,
  size: number | undefined,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    if (size !== undefined && bytes > size) throw wrongSize(size);
    yield piece;
  }
  if (size !== undefined && bytes < size) throw wrongSize(size);
}

function wrongSize(size: number): Refusal {
  return new Refusal("IncompleteBody", `the body has not the ${size} bytes that its header says`, { size });
}
