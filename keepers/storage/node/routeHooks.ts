import type { onErrorHookHandler, onRequestAsyncHookHandler, preHandlerAsyncHookHandler } from "fastify";
import { MyceliaError } from "../../runtime/errors.ts";
import { requireSignature } from "../../runtime/http/authentication.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { StorageMetrics } from "./metrics.ts";
import { createRequestGate } from "./requestGate.ts";
import { requireUploader } from "./uploadSignature.ts";

/** What stands before the routes of a storage node. */
export interface RouteHooks {
  /** Uploads: bounded in number, signed. */
  readonly upload: onRequestAsyncHookHandler[];
  /** Requests whose body a signature covers: bounded in number, as uploads. */
  readonly signed: {
    readonly onRequest: onRequestAsyncHookHandler[];
    readonly preHandler: preHandlerAsyncHookHandler;
  };
  /** Reads: bounded in number. */
  readonly read: onRequestAsyncHookHandler[];
  readonly countRefusal: onErrorHookHandler;
}

export interface GateLimits {
  /** Uploads at once. */
  readonly uploads: number;
  /** Reads at once. */
  readonly reads: number;
}

export function createRouteHooks(
  verifier: RequestVerifier,
  metrics: StorageMetrics,
  limits: GateLimits,
): RouteHooks {
  const uploads = createRequestGate(limits.uploads);
  const { onRequest, preHandler } = requireSignature(verifier);
  return {
    upload: [uploads, requireUploader(verifier)],
    signed: { onRequest: [uploads, onRequest], preHandler },
    read: [createRequestGate(limits.reads)],
    countRefusal(_request, _reply, error, done) {
      metrics.refused(error instanceof MyceliaError ? error.code : "storage/failed");
      done();
    },
  };
}
