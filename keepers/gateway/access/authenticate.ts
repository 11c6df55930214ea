import { Refusal } from "../refusal.ts";
import { canonicalRequest } from "./canonical.ts";
import { type Claims, claimsOf, SIGNATURE_PARAMETER, timeOf } from "./claims.ts";
import type { AccessKey, Credentials } from "./credentials.ts";
import { headerOf, type SignableRequest } from "./request.ts";
import { isSame, RequestSigner } from "./signature.ts";

export interface AuthenticationNeeds {
  readonly credentials: Credentials;
  /** That signatures must be of. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Who has signed a request, and what its body must be held against. */
export interface Authentication {
  readonly key: AccessKey;
  /** Value of x-amz-content-sha256. */
  readonly payloadHash: string;
  /** Of the request; chunks are signed on from it. */
  readonly signature: string;
  readonly signer: RequestSigner;
  /** The signature stands in the query. */
  readonly isPresigned: boolean;
}

const MAX_SKEW_MS = 15 * 60_000;
const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/**
 * Checks the signature (version 4) of a request's head; undefined when there is none. What it says of the body is still to
 * be held against the body.
 * @throws Refusal SignatureDoesNotMatch, InvalidAccessKeyId, RequestTimeTooSkewed, AccessDenied, MissingSecurityHeader, and
 * those of a malformed signature
 */
export function authenticate(
  request: SignableRequest,
  { credentials, region, now }: AuthenticationNeeds,
): Authentication | undefined {
  const claims = claimsOf(request);
  if (claims === undefined) return undefined;
  const isPresigned = claims.expires !== undefined;
  const payloadHash = payloadHashOf(request, isPresigned);
  requireRegion(claims, region);
  requireTime(claims, now());
  requireHeaders(request, claims);
  const key = credentials.get(claims.keyId);
  if (key === undefined)
    throw new Refusal("InvalidAccessKeyId", "this gateway knows no such access key", { keyId: claims.keyId });
  const signer = new RequestSigner(key.secret, claims.scope, claims.date);
  const { signature, signedHeaders } = claims;
  const canonical = canonicalRequest(request, signedHeaders, payloadHash, [SIGNATURE_PARAMETER]);
  if (!isSame(signature, signer.ofRequest(canonical))) {
    const message = "the signature is not that of this request under this key; check secret and signing";
    throw new Refusal("SignatureDoesNotMatch", message, { keyId: claims.keyId });
  }
  return { key, payloadHash, signature, signer, isPresigned };
}

function payloadHashOf({ headers, query }: SignableRequest, isPresigned: boolean): string {
  const name = "x-amz-content-sha256";
  const inQuery = query.find(([parameter]) => parameter.toLowerCase() === name)?.[1];
  const given = headerOf(headers, name) ?? (isPresigned ? (inQuery ?? UNSIGNED_PAYLOAD) : undefined);
  if (given !== undefined) return given;
  throw new Refusal("MissingSecurityHeader", `a signed request needs the header ${name}`);
}

function requireRegion({ scope }: Claims, region: string): void {
  if (scope.region === region) return;
  const message = `the authorization is malformed: the region is "${scope.region.slice(0, 64)}"; this gateway is "${region}"`;
  throw new Refusal("AuthorizationHeaderMalformed", message, { region });
}

function requireTime({ date, expires }: Claims, now: number): void {
  const time = timeOf(date);
  if (expires === undefined) {
    if (Math.abs(now - time) <= MAX_SKEW_MS) return;
    const message = "the request was signed more than 15 minutes before or after this gateway's time";
    throw new Refusal("RequestTimeTooSkewed", message, { date });
  }
  if (now > time + 1000 * expires)
    throw new Refusal("AccessDenied", "Request has expired", { date, expires });
  if (time - now > MAX_SKEW_MS) throw new Refusal("AccessDenied", "Request is not yet valid", { date });
}

/** Whoever stands between must not add what changes a request: its host and all of S3's own headers are signed. */
function requireHeaders({ headers }: SignableRequest, { signedHeaders }: Claims): void {
  const signed = new Set(signedHeaders);
  const missing = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))].filter(
    (name) => !signed.has(name),
  );
  if (missing.length === 0) return;
  const message = `headers that must be signed are not: ${missing.join(", ").slice(0, 256)}`;
  throw new Refusal("AccessDenied", message);
}
