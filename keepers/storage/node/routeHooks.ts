import type { onErrorHookHandler, onRequestAsyncHookHandler } from "fastify";
import { MyceliaError } from "../../runtime/errors.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { StorageMetrics } from "./metrics.ts";
import { createRequestGate } from "./requestGate.ts";
import { requireUploader } from "./uploadSignature.ts";

/** What stands before the routes of a storage node. */
export interface RouteHooks {
  /** Uploads: bounded in number, signed. */
  readonly upload: onRequestAsyncHookHandler[];
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
  return {
    upload: [createRequestGate(limits.uploads), requireUploader(verifier)],
    read: [createRequestGate(limits.reads)],
    countRefusal(_request, _reply, error, done) {
      metrics.refused(error instanceof MyceliaError ? error.code : "storage/failed");
      done();
    },
  };
}
