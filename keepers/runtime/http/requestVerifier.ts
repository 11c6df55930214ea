import { getAddress } from "ethers";
import type { Store } from "../store/store.ts";
import {
  bodyDigest,
  type Credentials,
  parseCredentials,
  recoverSigner,
  unauthorised,
} from "./signedRequest.ts";

/** A request as the server received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path with query, as received. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** The body's bytes, before any parsing. */
  readonly body?: Uint8Array | undefined;
}

export interface RequestVerifier {
  /**
   * The checksummed address that signed the request, which is now used up.
   * @throws HttpError (401) http/unsigned, http/wrong-audience, http/expired, http/bad-signature, http/replayed
   */
  verify(request: ReceivedRequest): Promise<string>;
}

export interface RequestVerifierOptions {
  readonly chainId: number;
  /** On-chain identity of this server. */
  readonly audience: string;
  /** Remembers used nonces; shared by all processes that answer for the audience. */
  readonly store: Store;
  /** How far a request's time may lie from ours, either way, seconds. */
  readonly windowSeconds?: number;
  /** Unix seconds. */
  readonly now?: () => number;
}

const WINDOW_SECONDS = 60;
// Each round of this many requests forgets up to four times as many old nonces, so the memory stays that of one window.
const REQUESTS_PER_SWEEP = 64;
const NONCES_PER_SWEEP = 256;
const TIME_DIGITS = 16;

/** Verifies signed requests: for this server, of this time, by that key, and only once. */
export function createRequestVerifier(options: RequestVerifierOptions): RequestVerifier {
  const audience = getAddress(options.audience);
  const window = options.windowSeconds ?? WINDOW_SECONDS;
  const now = options.now ?? (() => Math.floor(Date.now() / 1000));
  const used = options.store.under("nonces/");
  let untilSweep = REQUESTS_PER_SWEEP;
  return {
    async verify(request) {
      const credentials = parseCredentials(request.authorization);
      requireAudience(credentials, audience);
      requireFresh(credentials, now(), window);
      const signer = recoverSigner(options.chainId, fieldsOf(request, credentials, audience), credentials);
      await useUp(used, credentials, signer);
      if (--untilSweep === 0) {
        untilSweep = REQUESTS_PER_SWEEP;
        await forgetBefore(used, now() - window);
      }
      return signer;
    },
  };
}

function fieldsOf(request: ReceivedRequest, credentials: Credentials, audience: string) {
  return {
    audience,
    method: request.method.toUpperCase(),
    path: request.path,
    bodyDigest: bodyDigest(request.body),
    issuedAt: credentials.issuedAt,
    nonce: credentials.nonce,
  };
}

function requireAudience(credentials: Credentials, audience: string): void {
  if (credentials.audience.toLowerCase() === audience.toLowerCase()) return;
  throw unauthorised(
    "http/wrong-audience",
    `the request is meant for ${credentials.audience}, this server is ${audience}`,
    { expected: audience, found: credentials.audience },
  );
}

function requireFresh(credentials: Credentials, now: number, window: number): void {
  if (Math.abs(now - credentials.issuedAt) <= window) return;
  throw unauthorised(
    "http/expired",
    `the request was signed at ${credentials.issuedAt}, more than ${window} s from this server's ${now}; check the clock and sign again`,
    { issuedAt: credentials.issuedAt, now, windowSeconds: window },
  );
}

/** The time leads the key, so old nonces lie together at the front; it is signed, so a replay meets the same key. */
async function useUp(used: Store, credentials: Credentials, signer: string): Promise<void> {
  const key = `${timeKey(credentials.issuedAt)}/${signer}/${credentials.nonce.toLowerCase()}`;
  if (await used.putIfAbsent(key, new Uint8Array([1]))) return;
  throw unauthorised("http/replayed", `the nonce ${credentials.nonce} of ${signer} was used already`, {
    signer,
    nonce: credentials.nonce,
  });
}

/** A request from before `time` is refused as expired, so its nonce need not be remembered. */
async function forgetBefore(used: Store, time: number): Promise<void> {
  const bound = timeKey(Math.max(0, time));
  const old: { kind: "delete"; key: string }[] = [];
  for await (const [key] of used.scan({ limit: NONCES_PER_SWEEP })) {
    if (key >= bound) break;
    old.push({ kind: "delete", key });
  }
  if (old.length > 0) await used.batch(old);
}

function timeKey(seconds: number): string {
  return seconds.toString().padStart(TIME_DIGITS, "0");
}
