import { createHash } from "node:crypto";
import { isSame, type RequestSigner } from "../access/signature.ts";
import { Refusal } from "../refusal.ts";
import { ByteQueue } from "./byteQueue.ts";

/** Signs chunks on from the signature of the request's head. */
export interface ChunkSigning {
  readonly signer: RequestSigner;
  readonly signature: string;
}

export interface ChunkedBodyOptions {
  /** Undefined when chunks are not signed. */
  readonly signing: ChunkSigning | undefined;
  /** Given the trailers by lower-case names, once they are read, and checked where they are signed. */
  readonly onTrailers: (trailers: ReadonlyMap<string, string>) => void;
}

const HEAD = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/;
const TRAILER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *(.*?) *$/;
const TRAILER_SIGNATURE = "x-amz-trailer-signature";
const MAX_LINE_BYTES = 4_096;
const MAX_TRAILERS = 16;

/**
 * The bytes inside an aws-chunked body. A chunk's signature is checked at its end, so its bytes count only once the whole
 * has come to its end without an error.
 * @throws Refusal SignatureDoesNotMatch, IncompleteBody, MalformedTrailerError, InvalidRequest
 */
export async function* decodeChunks(
  source: AsyncIterable<Uint8Array>,
  { signing, onTrailers }: ChunkedBodyOptions,
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(source);
  const signatures = signing && new SignatureChain(signing);
  try {
    for (;;) {
      const { size, signature } = parseHead(await queue.line(MAX_LINE_BYTES));
      for (let left = size; left > 0; ) {
        const bytes = await queue.take(left);
        left -= bytes.length;
        signatures?.update(bytes);
        yield bytes;
      }
      signatures?.checkChunk(signature);
      if (size === 0) break;
      if ((await queue.line(MAX_LINE_BYTES)) !== "") throw bad("a chunk is longer than its head says");
    }
    onTrailers(await readTrailers(queue, signatures));
  } finally {
    await queue.close();
  }
}

/** Each signature covers the one before it, so that chunks can't be left out, repeated or moved. */
class SignatureChain {
  readonly #signer: RequestSigner;
  #previous: string;
  #hash = createHash("sha256");

  constructor({ signer, signature }: ChunkSigning) {
    this.#signer = signer;
    this.#previous = signature;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  checkChunk(signature: string | undefined): void {
    const expected = this.#signer.ofChunk(this.#previous, this.#hash.digest("hex"));
    if (signature === undefined || !isSame(signature, expected)) throw mismatch("a chunk");
    this.#previous = expected;
    this.#hash = createHash("sha256");
  }

  checkTrailers(text: string, signature: string | undefined): void {
    if (signature === undefined || !isSame(signature, this.#signer.ofTrailers(this.#previous, text)))
      throw mismatch("the trailer");
  }
}

async function readTrailers(
  queue: ByteQueue,
  signatures: SignatureChain | undefined,
): Promise<ReadonlyMap<string, string>> {
  const trailers = new Map<string, string>();
  let [text, signature] = ["", undefined as string | undefined];
  for (let line = await queue.line(MAX_LINE_BYTES); line !== ""; line = await queue.line(MAX_LINE_BYTES)) {
    const [, given = "", value = ""] = TRAILER.exec(line) ?? [];
    const name = given.toLowerCase();
    if (name === "" || trailers.has(name) || trailers.size >= MAX_TRAILERS) throw badTrailer();
    if (name === TRAILER_SIGNATURE) signature = value;
    else {
      trailers.set(name, value);
      text += `${name}:${value}\n`;
    }
  }
  if (trailers.size > 0) signatures?.checkTrailers(text, signature);
  if (!(await queue.isAtEnd())) throw bad("bytes follow the last chunk");
  return trailers;
}

function parseHead(line: string): { readonly size: number; readonly signature: string | undefined } {
  const found = HEAD.exec(line);
  if (found === null) throw bad("a chunk has no head");
  return { size: Number.parseInt(found[1] ?? "", 16), signature: found[2] };
}

function mismatch(what: string): Refusal {
  return new Refusal("SignatureDoesNotMatch", `the signature of ${what} is not that of its bytes`);
}

function bad(why: string): Refusal {
  return new Refusal("InvalidRequest", `the body is not aws-chunked: ${why}`);
}

function badTrailer(): Refusal {
  return new Refusal("MalformedTrailerError", "the trailers are not lines of a name and a value");
}
