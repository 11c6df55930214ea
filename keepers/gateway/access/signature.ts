import { createHmac, hash, timingSafeEqual } from "node:crypto";

export const ALGORITHM = "AWS4-HMAC-SHA256";
const SERVICE = "s3";
const TERMINATOR = "aws4_request";
const EMPTY_HASH = hash("sha256", "");
const SIGNATURE = /^[0-9a-f]{64}$/;

/** What a signature holds for, besides the request. */
export interface Scope {
  /** YYYYMMDD. */
  readonly day: string;
  readonly region: string;
}

/** A key of one scope, and the moment of one request; signs what belongs to it. */
export class RequestSigner {
  readonly #key: Buffer;
  readonly #head: string;

  /** @param date YYYYMMDDTHHMMSSZ */
  constructor(secret: string, scope: Scope, date: string) {
    const parts = [scope.day, scope.region, SERVICE, TERMINATOR];
    this.#key = parts.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`, "utf8"));
    this.#head = `${date}\n${parts.join("/")}`;
  }

  ofRequest(canonical: string): string {
    return this.#sign(`${ALGORITHM}\n${this.#head}\n${hash("sha256", canonical)}`);
  }

  /** @param dataHash SHA-256 of the chunk's bytes, hex */
  ofChunk(previous: string, dataHash: string): string {
    return this.#sign(`${ALGORITHM}-PAYLOAD\n${this.#head}\n${previous}\n${EMPTY_HASH}\n${dataHash}`);
  }

  /** @param trailers "name:value\n" for each */
  ofTrailers(previous: string, trailers: string): string {
    return this.#sign(`${ALGORITHM}-TRAILER\n${this.#head}\n${previous}\n${hash("sha256", trailers)}`);
  }

  #sign(text: string): string {
    return hmac(this.#key, text).toString("hex");
  }
}

/** In a time that tells nothing about where they differ. */
export function isSame(signature: string, expected: string): boolean {
  if (!SIGNATURE.test(signature)) return false;
  return timingSafeEqual(Buffer.from(signature, "hex"), Buffer.from(expected, "hex"));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}
