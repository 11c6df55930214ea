import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { headerOf } from "../access/request.ts";
import type { Checksum } from "../names/names.ts";
import { Refusal, type S3Code } from "../refusal.ts";
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_BYTES,
  type ChecksumAlgorithm,
  createDigest,
  type Digest,
} from "./checksums/digest.ts";

interface Expected {
  readonly what: string;
  readonly digest: Digest;
  /** Known when the body has come to its end. */
  readonly value: () => Uint8Array;
  readonly code: S3Code;
}

const PREFIX = "x-amz-checksum-";
const MD5_BYTES = 16;

/** What a request says of its body's bytes, and what they are. */
export class Expectations {
  readonly #expected: Expected[] = [];
  readonly #algorithm: ChecksumAlgorithm | undefined;
  #checksum: Checksum | undefined;

  /**
   * @param payloadHash SHA-256 of the bytes, hex, where it is signed
   * @param trailers read by then; asked for once the body has ended
   * @throws Refusal InvalidDigest, InvalidRequest
   */
  constructor(
    headers: IncomingHttpHeaders,
    payloadHash: string | undefined,
    trailers: () => ReadonlyMap<string, string>,
  ) {
    if (payloadHash !== undefined) {
      const value = Buffer.from(payloadHash, "hex");
      const what = "x-amz-content-sha256";
      this.#expect({
        what,
        digest: createDigest("sha256"),
        value: () => value,
        code: "XAmzContentSHA256Mismatch",
      });
    }
    const md5 = headerOf(headers, "content-md5");
    if (md5 !== undefined) {
      const value = parseDigest("Content-MD5", md5, MD5_BYTES);
      this.#expect({
        what: "Content-MD5",
        digest: createDigest("md5"),
        value: () => value,
        code: "BadDigest",
      });
    }
    this.#algorithm = algorithmOf(headers);
    if (this.#algorithm !== undefined) this.#expectChecksum(this.#algorithm, headers, trailers);
  }

  /** What the request has said in one of S3's checksums, once it is known to be true. */
  get checksum(): Checksum | undefined {
    return this.#checksum;
  }

  /** The same bytes; the end comes only if they are what was said. @throws Refusal BadDigest, XAmzContentSHA256Mismatch */
  async *check(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      for (const { digest } of this.#expected) digest.update(bytes);
      yield bytes;
    }
    for (const { what, digest, value, code } of this.#expected) {
      if (!timingSafeEqual(digest.digest(), value()))
        throw new Refusal(code, `the body's bytes are not those that ${what} was made of`);
    }
  }

  #expectChecksum(
    algorithm: ChecksumAlgorithm,
    headers: IncomingHttpHeaders,
    trailers: () => ReadonlyMap<string, string>,
  ): void {
    const what = PREFIX + algorithm;
    const early = headerOf(headers, what);
    if (early !== undefined) parseDigest(what, early, CHECKSUM_BYTES[algorithm]);
    const value = () => {
      const text = early ?? trailers().get(what);
      if (text === undefined)
        throw new Refusal("MalformedTrailerError", `the trailer ${what} was promised and did not come`);
      this.#checksum = { algorithm, value: text };
      return parseDigest(what, text, CHECKSUM_BYTES[algorithm]);
    };
    this.#expect({ what, digest: createDigest(algorithm), value, code: "BadDigest" });
  }

  #expect(expected: Expected): void {
    this.#expected.push(expected);
  }
}

/** The checksum of a request's headers, or the one that its trailer will bring. @throws Refusal InvalidRequest */
function algorithmOf(headers: IncomingHttpHeaders): ChecksumAlgorithm | undefined {
  const trailer = headerOf(headers, "x-amz-trailer")?.trim().toLowerCase();
  const given = CHECKSUM_ALGORITHMS.filter(
    (algorithm) => PREFIX + algorithm === trailer || headerOf(headers, PREFIX + algorithm) !== undefined,
  );
  if (given.length > 1) throw new Refusal("InvalidRequest", "a request has one checksum at most");
  if (trailer !== undefined && trailer !== PREFIX + given[0])
    throw new Refusal("InvalidRequest", `the trailer "${trailer.slice(0, 64)}" is none that is known here`);
  return given[0];
}

/** @throws Refusal InvalidDigest, InvalidRequest */
function parseDigest(what: string, text: string, length: number): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === length && bytes.toString("base64") === text) return bytes;
  const code = what === "Content-MD5" ? "InvalidDigest" : "InvalidRequest";
  throw new Refusal(code, `the value of ${what} is not ${length} bytes in base64`);
}
