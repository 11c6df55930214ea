import type { onRequestAsyncHookHandler } from "fastify";
import type { RequestVerifier } from "../../runtime/http/requestVerifier.ts";

/**
 * A hook for uploads whose path names their content by hash: the signature covers method and path, and the content is
 * checked against the path, so the body needs no digest of its own and nothing of a stranger's body is read.
 */
export function requireUploader(verifier: RequestVerifier): onRequestAsyncHookHandler {
  return async (request) => {
    request.signer = await verifier.verify({
      method: request.method,
      path: request.raw.url ?? request.url,
      authorization: request.headers.authorization,
    });
  };
}
