import type { onRequestAsyncHookHandler } from "fastify";
import { RetryableError } from "../errors.ts";

export interface RateLimit {
  /** Requests a second that an address may make over time. */
  readonly perSecond: number;
  /** Requests that it may make at once after a pause. */
  readonly burst: number;
  /** Addresses remembered; the longest silent is forgotten first. */
  readonly maxAddresses?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const MAX_ADDRESSES = 10_000;

/** A token bucket for each remote address. @throws RetryableError http/rate-limited (429) */
export function createRateLimitHook(limit: RateLimit): onRequestAsyncHookHandler {
  const now = limit.now ?? (() => performance.now());
  const maxAddresses = limit.maxAddresses ?? MAX_ADDRESSES;
  const buckets = new Map<string, Bucket>();
  return async (request, reply) => {
    const time = now();
    const old = buckets.get(request.ip) ?? { tokens: limit.burst, at: time };
    const tokens = Math.min(limit.burst, old.tokens + ((time - old.at) / 1000) * limit.perSecond);
    const granted = tokens >= 1;
    // Written again at the end, so that the map's order is the order of last use.
    buckets.delete(request.ip);
    buckets.set(request.ip, { tokens: granted ? tokens - 1 : tokens, at: time });
    if (buckets.size > maxAddresses) buckets.delete(buckets.keys().next().value ?? "");
    if (granted) return;
    const seconds = Math.ceil((1 - tokens) / limit.perSecond);
    reply.header("retry-after", seconds);
    throw new RetryableError(
      "http/rate-limited",
      `too many requests from your address; try again in ${seconds} s`,
      {
        retryAfterSeconds: seconds,
      },
    );
  };
}
