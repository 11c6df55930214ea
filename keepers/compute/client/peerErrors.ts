import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";

/** A provider's own words as our error, with its code; anything else passes unchanged. */
export function explainPeer(endpoint: string, error: unknown): unknown {
  if (!(error instanceof HttpError) || error.problem === undefined) return error;
  const { code, detail } = error.problem;
  const details = { endpoint, status: error.status };
  const message = `The provider at ${endpoint} refused: ${detail}`;
  return error.retry
    ? new RetryableError(code, message, details, error)
    : new FatalError(code, message, details, error);
}
