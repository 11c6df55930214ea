import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { RetryableError } from "../../runtime/errors.ts";

/** Somebody who was let in. */
interface Inside {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly since: number;
  /** Bytes that had come over the connection before. */
  readonly before: number;
}

export interface GateLimits {
  /** Requests at once. */
  readonly most: number;
  /** How long a request may take, however little comes of it, before others may have its place, milliseconds. */
  readonly graceMs?: number;
}

const GRACE_MS = 5_000;
/** What a peer has to send or take while others wait for its place, bytes a second: a body shows how much came, an answer does not. */
const BODY_RATE = 16 * 1024;
const ANSWER_RATE = 128 * 1024;

/**
 * A hook that lets so many requests in at once, from their headers to the end of their answer; it bounds the memory that
 * strangers can take. When all places are taken, whoever hardly moves gives way.
 * @throws RetryableError storage/busy (503), and http/too-slow (408) for whoever gave way
 */
export function createRequestGate({ most, graceMs = GRACE_MS }: GateLimits): onRequestAsyncHookHandler {
  const inside = new Set<Inside>();
  return async (request, reply) => {
    if (inside.size >= most) {
      const slowest = findSlowest(inside, graceMs);
      if (slowest === undefined) throw busy(reply, most);
      inside.delete(slowest);
      cutOff(slowest);
    }
    const before = request.raw.socket.bytesRead;
    const one: Inside = { request, reply, since: performance.now(), before };
    inside.add(one);
    request.whenGone(() => inside.delete(one));
  };
}

function findSlowest(inside: Iterable<Inside>, graceMs: number): Inside | undefined {
  let [slowest, most] = [undefined as Inside | undefined, 0];
  for (const one of inside) {
    const late = performance.now() - one.since - graceMs - earnedMs(one);
    if (late > most) [slowest, most] = [one, late];
  }
  return slowest;
}

/** Time that a peer has by what moves between it and us. */
function earnedMs({ request, reply, before }: Inside): number {
  if (!request.raw.complete) return ((request.raw.socket.bytesRead - before) / BODY_RATE) * 1000;
  // We are at work: that it takes long is not the peer's doing.
  if (!reply.raw.writableEnded) return Number.POSITIVE_INFINITY;
  return (Number(reply.getHeader("content-length") ?? 0) / ANSWER_RATE) * 1000;
}

function cutOff({ request, reply }: Inside): void {
  if (reply.sent) {
    request.raw.socket.destroy();
    return;
  }
  const error = new RetryableError("http/too-slow", "others wait, and the body of this request hardly moves");
  void reply.header("connection", "close").send(error);
}

function busy(reply: FastifyReply, most: number): RetryableError {
  reply.header("retry-after", 1);
  return new RetryableError(
    "storage/busy",
    `this node serves ${most} such requests at once; try again in a second`,
    { most },
  );
}
