import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** Bytes of a body that nobody wants that are still let come, so that the answer is heard. */
const MAX_DROPPED_BYTES = 8 * 1024 * 1024;
const MAX_DROPPING_MS = 5_000;

/** Bodies of whatever type reach the routes as streams that nothing has been read of. */
export function leaveBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

/** Aborts when the answer is out or nobody waits for it any more, or when the keeper stops. */
export function answerAbortedBy(request: FastifyRequest, stop: AbortSignal): AbortSignal {
  const gone = new AbortController();
  request.whenGone(() => gone.abort());
  return AbortSignal.any([gone.signal, stop]);
}

/**
 * Before an answer: a short rest of a body is read and dropped, for who still sends may not hear. With a long one the
 * connection ends.
 */
export async function letGo(raw: IncomingMessage, reply: FastifyReply): Promise<void> {
  if (raw.readableEnded || raw.complete) {
    raw.resume();
    return;
  }
  let dropped = 0;
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const onData = (bytes: Buffer) => {
    dropped += bytes.length;
    if (dropped > MAX_DROPPED_BYTES) resolve();
  };
  raw.on("data", onData);
  for (const event of ["end", "close", "error"]) raw.once(event, resolve);
  const timer = sleep(MAX_DROPPING_MS, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise, timer]);
  over.abort();
  raw.off("data", onData);
  raw.pause();
  if (!raw.complete) reply.header("connection", "close");
}
