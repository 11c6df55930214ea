import type { FastifyInstance, preHandlerAsyncHookHandler } from "fastify";
import type { RequestVerifier } from "./requestVerifier.ts";
import { parseCredentials } from "./signedRequest.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Checksummed address that signed the request; empty on a route without `requireSignature`. */
    signer: string;
  }
}

/**
 * Hooks for a route that only signed requests may pass:
 * `server.post("/rows", requireSignature(verifier), async (request) => … request.signer …)`.
 */
export interface SignedRoute {
  readonly onRequest: preHandlerAsyncHookHandler;
  readonly preHandler: preHandlerAsyncHookHandler;
}

export function requireSignature(verifier: RequestVerifier): SignedRoute {
  return {
    // Without even a header no body is read.
    onRequest: async (request) => void parseCredentials(request.headers.authorization),
    preHandler: async (request) => {
      request.signer = await verifier.verify({
        method: request.method,
        path: request.raw.url ?? request.url,
        authorization: request.headers.authorization,
        body: request.rawBody,
      });
    },
  };
}

export function addSigner(server: FastifyInstance): void {
  server.decorateRequest("signer", "");
}
