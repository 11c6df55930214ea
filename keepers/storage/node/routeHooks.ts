import type {
  FastifyRequest,
  onErrorHookHandler,
  onRequestAsyncHookHandler,
  preHandlerAsyncHookHandler,
} from "fastify";
import { MyceliaError } from "../../runtime/errors.ts";
import { requireSignature } from "../../runtime/http/authentication.ts";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";
import type { StorageMetrics } from "./metrics.ts";
import type { ReadHooks } from "./readMeter.ts";
import { createRequestGate } from "./requestGate.ts";
import { type CreditLimit, requireCredit } from "./uploadCredit.ts";
import { requireUploader } from "./uploadSignature.ts";

/** What stands before the routes of a storage node. */
export interface RouteHooks {
  /** Uploads: bounded in number, signed, by somebody with credit; all before a byte of the body is read. */
  readonly upload: onRequestAsyncHookHandler[];
  /** Requests whose body a signature covers: bounded in number, as uploads. */
  readonly signed: SignedHooks;
  /** The same, by somebody with credit. */
  readonly credited: SignedHooks;
  /** Reads: bounded in number, and in bytes or by vouchers for who is not let in freely. */
  readonly read: ReadHooks;
  readonly countRefusal: onErrorHookHandler;
}

export interface SignedHooks {
  readonly onRequest: onRequestAsyncHookHandler[];
  readonly preHandler: preHandlerAsyncHookHandler[];
}

export interface PlaceLimits {
  /** Uploads at once. */
  readonly uploads: number;
  /** Reads at once. */
  readonly reads: number;
  /** How long whoever hardly moves keeps its place while others wait, milliseconds. */
  readonly graceMs: number;
}

export function createRouteHooks(
  verifier: RequestVerifier,
  metrics: StorageMetrics,
  creditOf: CreditLimit,
  meter: ReadHooks,
  { uploads: most, reads, graceMs }: PlaceLimits,
): RouteHooks {
  const uploads = createRequestGate({ most, graceMs });
  const { onRequest, preHandler } = requireSignature(verifier);
  const credit = async ({ signer }: FastifyRequest) => await requireCredit(creditOf, signer.toLowerCase());
  return {
    upload: [uploads, requireUploader(verifier), credit],
    signed: { onRequest: [uploads, onRequest], preHandler: [preHandler] },
    credited: { onRequest: [uploads, onRequest], preHandler: [preHandler, credit] },
    read: {
      onRequest: [createRequestGate({ most: reads, graceMs }), ...meter.onRequest],
      onSend: meter.onSend,
    },
    countRefusal(_request, _reply, error, done) {
      metrics.refused(error instanceof MyceliaError ? error.code : "storage/failed");
      done();
    },
  };
}
