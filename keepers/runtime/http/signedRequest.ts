import { getAddress, keccak256, type TypedDataDomain, type TypedDataField } from "ethers";
import { recoverTypedData } from "../keys/recoverAddress.ts";
import type { KeySigner } from "../keys/signer.ts";
import { TypedDataHasher } from "../keys/typedData.ts";
import { base64UrlOf, fromBase64Url, hexOf, textOf, utf8 } from "../platform/bytes.ts";
import { freshBytes } from "../platform/hashes.ts";
import { HttpError } from "./errors.ts";

/** What a caller signs: who is meant, what is asked, over which bytes, when, once. */
export interface SignedFields {
  /** On-chain identity of the server. */
  readonly audience: string;
  /** Upper case. */
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  /** keccak256 of the body's bytes; of no bytes when there is no body. */
  readonly bodyDigest: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** 32 random bytes, 0x-hex. */
  readonly nonce: string;
}

/** The `authorization` header, taken apart. Everything else that was signed is seen in the request itself. */
export interface Credentials {
  readonly signer: string;
  readonly audience: string;
  readonly issuedAt: number;
  readonly nonce: string;
  /** 65 bytes, 0x-hex. */
  readonly signature: string;
}

export interface RequestToSign {
  readonly chainId: number;
  readonly audience: string;
  readonly method: string;
  /** Whole URL, or path with query. */
  readonly url: string;
  readonly body?: Uint8Array | string | undefined;
  /** Unix seconds; now when absent. */
  readonly issuedAt?: number;
}

const SCHEME = "Mycelia";
/** A real header is about 500 characters long. */
const MAX_HEADER_LENGTH = 1024;

const TYPES: Record<string, TypedDataField[]> = {
  Request: [
    { name: "audience", type: "address" },
    { name: "method", type: "string" },
    { name: "path", type: "string" },
    { name: "bodyDigest", type: "bytes32" },
    { name: "issuedAt", type: "uint64" },
    { name: "nonce", type: "bytes32" },
  ],
};
const HASHER = new TypedDataHasher(TYPES);

/** Makes the `authorization` header for one request; a second request needs a second header. */
export async function signRequest(signer: KeySigner, request: RequestToSign): Promise<string> {
  const fields: SignedFields = {
    audience: getAddress(request.audience),
    method: request.method.toUpperCase(),
    path: pathOf(request.url),
    bodyDigest: bodyDigest(request.body),
    issuedAt: request.issuedAt ?? Math.floor(Date.now() / 1000),
    nonce: `0x${hexOf(freshBytes(32))}`,
  };
  const signature = await signer.signTypedData(domainOf(request.chainId), TYPES, { ...fields });
  const { audience, issuedAt, nonce } = fields;
  return formatCredentials({ signer: signer.address, audience, issuedAt, nonce, signature });
}

export function formatCredentials(credentials: Credentials): string {
  return `${SCHEME} ${base64UrlOf(utf8(JSON.stringify(credentials)))}`;
}

/** @throws HttpError http/unsigned when the header is absent or not of our scheme, http/bad-signature when it is garbage. */
export function parseCredentials(header: string | undefined): Credentials {
  if (header === undefined || !header.startsWith(`${SCHEME} `)) {
    throw unauthorised("http/unsigned", `the request carries no "authorization: ${SCHEME} …" header`);
  }
  if (header.length > MAX_HEADER_LENGTH) throw garbage(`is longer than ${MAX_HEADER_LENGTH} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(fromBase64Url(header.slice(SCHEME.length + 1))));
  } catch {
    throw garbage("is not base64url JSON");
  }
  if (!isCredentials(parsed)) throw garbage("lacks a field, or one has the wrong form");
  return parsed;
}

/**
 * The address that signed. @throws HttpError http/bad-signature when it is not the one the credentials name.
 * Nothing but the signature is judged here.
 */
export function recoverSigner(chainId: number, fields: SignedFields, credentials: Credentials): string {
  let recovered: string;
  try {
    recovered = recoverTypedData(domainOf(chainId), HASHER, { ...fields }, credentials.signature);
  } catch (cause) {
    throw unauthorised("http/bad-signature", "the signature is not a valid point", {}, cause);
  }
  if (recovered.toLowerCase() !== credentials.signer.toLowerCase()) {
    throw unauthorised(
      "http/bad-signature",
      `the signature does not fit this request by ${credentials.signer}: method, path, body, time or nonce differ from what was signed`,
      { signer: credentials.signer },
    );
  }
  return recovered;
}

/** keccak256 of exactly the bytes of a body. */
export function bodyDigest(body: Uint8Array | string | undefined): string {
  return keccak256(typeof body === "string" ? utf8(body) : (body ?? new Uint8Array()));
}

export function unauthorised(
  code: string,
  message: string,
  details: Record<string, unknown> = {},
  cause?: unknown,
): HttpError {
  return new HttpError(code, message, { retry: false, status: 401, details, cause });
}

function domainOf(chainId: number): TypedDataDomain {
  return { name: "Mycelia Request", version: "1", chainId };
}

function pathOf(url: string): string {
  if (url.startsWith("/")) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== "object" || value === null) return false;
  const { signer, audience, issuedAt, nonce, signature } = value as Record<string, unknown>;
  return (
    isHex(signer, 20) &&
    isHex(audience, 20) &&
    Number.isSafeInteger(issuedAt) &&
    (issuedAt as number) >= 0 &&
    isHex(nonce, 32) &&
    isHex(signature, 65)
  );
}

function isHex(value: unknown, bytes: number): boolean {
  return typeof value === "string" && value.length === 2 + 2 * bytes && /^0x[0-9a-fA-F]*$/.test(value);
}

function garbage(why: string): HttpError {
  return unauthorised("http/bad-signature", `the authorization header ${why}`);
}
