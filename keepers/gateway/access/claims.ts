import { Refusal } from "../refusal.ts";
import { headerOf, type SignableRequest } from "./request.ts";
import { ALGORITHM, type Scope } from "./signature.ts";

/** What a request says of its own signature. */
export interface Claims {
  readonly keyId: string;
  readonly scope: Scope;
  /** YYYYMMDDTHHMMSSZ. */
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** Of a signature in the query: how long it holds, seconds. */
  readonly expires?: number;
}

export const SIGNATURE_PARAMETER = "X-Amz-Signature";
const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/;
const HEADER = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/;
const DATE = /^\d{8}T\d{6}Z$/;
const MAX_EXPIRES = 7 * 24 * 3_600;

/**
 * Reads who claims to have signed a request, in a header or in the query; undefined when nobody does.
 * @throws Refusal AuthorizationHeaderMalformed, AccessDenied, InvalidArgument
 */
export function claimsOf(request: SignableRequest): Claims | undefined {
  const header = headerOf(request.headers, "authorization");
  const inQuery = request.query.some(([name]) => name.startsWith("X-Amz-"));
  if (header !== undefined && inQuery)
    throw new Refusal("InvalidArgument", "a request is signed in its header or in its query, not in both");
  if (header !== undefined) return headerClaims(header, request);
  return inQuery ? queryClaims(request) : undefined;
}

function headerClaims(header: string, { headers }: SignableRequest): Claims {
  if (!header.startsWith(ALGORITHM))
    throw malformed(`the signature is not of version 4 (${ALGORITHM}), which alone is taken here`);
  const found = HEADER.exec(header);
  if (found === null)
    throw malformed(`the header is not "${ALGORITHM} Credential=…, SignedHeaders=…, Signature=…"`);
  const [, credential = "", signedHeaders = "", signature = ""] = found;
  return { ...parseCredential(credential, headerDate(headers)), ...list(signedHeaders), signature };
}

function queryClaims({ query }: SignableRequest): Claims {
  const values = new Map(query);
  const take = (name: string): string => {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw malformedQuery(`the query is signed, but lacks ${name}`);
  };
  if (take("X-Amz-Algorithm") !== ALGORITHM) throw malformedQuery(`X-Amz-Algorithm is not ${ALGORITHM}`);
  const expires = Number(take("X-Amz-Expires"));
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES)
    throw malformedQuery(`X-Amz-Expires is not a number of seconds from 1 to ${MAX_EXPIRES}`);
  const credential = parseCredential(take("X-Amz-Credential"), take("X-Amz-Date"));
  return {
    ...{ ...credential, ...list(take("X-Amz-SignedHeaders")), expires },
    signature: take(SIGNATURE_PARAMETER),
  };
}

function headerDate(headers: SignableRequest["headers"]): string {
  const given = headerOf(headers, "x-amz-date");
  if (given !== undefined) return given;
  const date = Date.parse(headerOf(headers, "date") ?? "");
  if (Number.isNaN(date))
    throw new Refusal("AccessDenied", "a signed request needs a valid x-amz-date or Date header");
  return new Date(date).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function parseCredential(credential: string, date: string): Pick<Claims, "keyId" | "scope" | "date"> {
  const found = CREDENTIAL.exec(credential);
  if (found === null) throw malformed("the credential is not <key id>/<YYYYMMDD>/<region>/s3/aws4_request");
  const [, keyId = "", day = "", region = "", service] = found;
  if (service !== "s3") throw malformed(`the credential is for the service "${service}", not for s3`);
  if (!DATE.test(date) || Number.isNaN(timeOf(date)))
    throw malformed("the date is not written YYYYMMDDTHHMMSSZ");
  if (!date.startsWith(day)) throw malformed(`the credential is of ${day}, and the request of ${date}`);
  return { keyId, scope: { day, region }, date };
}

/** Milliseconds since 1970; NaN for what is no date. */
export function timeOf(date: string): number {
  return Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function list(signedHeaders: string): Pick<Claims, "signedHeaders"> {
  return { signedHeaders: signedHeaders.split(";") };
}

function malformed(why: string): Refusal {
  return new Refusal("AuthorizationHeaderMalformed", `the authorization is malformed: ${why}`);
}

function malformedQuery(why: string): Refusal {
  return new Refusal("AuthorizationHeaderMalformed", `the authorization in the query is malformed: ${why}`);
}
