import type { onRequestAsyncHookHandler } from "fastify";
import { RetryableError } from "../../runtime/errors.ts";

/**
 * A hook that lets so many requests in at once, from their headers to the end of their answer; it bounds the memory that
 * strangers can take. @throws RetryableError storage/busy (503)
 */
export function createRequestGate(most: number): onRequestAsyncHookHandler {
  let inside = 0;
  return async (_request, reply) => {
    if (inside >= most) {
      reply.header("retry-after", 1);
      throw new RetryableError(
        "storage/busy",
        `this node serves ${most} such requests at once; try again in a second`,
        {
          most,
        },
      );
    }
    inside++;
    reply.raw.once("close", () => {
      inside--;
    });
  };
}
