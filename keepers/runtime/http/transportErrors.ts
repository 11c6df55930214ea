import { HttpError } from "./errors.ts";

/** undici's words for a request that can never be sent as it is. */
const INVALID = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);
const TIMEOUTS = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

/** Gives whatever undici or the socket threw one of our codes. `expiredMs` is set when the whole-request limit passed. */
export function mapTransportError(error: unknown, url: URL, expiredMs: number | undefined): HttpError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const place = url.origin + url.pathname;
  const code = codeOf(error);
  if (expiredMs !== undefined || (code !== undefined && TIMEOUTS.has(code))) {
    const limit = expiredMs === undefined ? "" : ` within ${expiredMs} ms`;
    return new HttpError("http/timeout", `${place} did not answer${limit}`, {
      retry: true,
      details: { url: place, timeoutMs: expiredMs },
      cause: error,
    });
  }
  const reason = error instanceof Error ? error.message || (code ?? error.name) : String(error);
  if (code !== undefined && INVALID.has(code)) {
    return new HttpError("http/invalid-request", `the request to ${place} is malformed: ${reason}`, {
      retry: false,
      details: { url: place },
      cause: error,
    });
  }
  if (code === "UND_ERR_MAX_ORIGINS_REACHED") {
    return new HttpError("http/busy", `too many hosts are being talked to at once; ${place} must wait`, {
      retry: true,
      details: { url: place },
      cause: error,
    });
  }
  return new HttpError("http/network", `${place} can't be reached: ${reason}`, {
    retry: true,
    details: { url: place, reason: code },
    cause: error,
  });
}

/** Our own refusal may come wrapped by the socket layer: as a cause, or as one of several connection attempts. */
function ownError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof AggregateError) return error.errors.map(ownError).find((found) => found !== undefined);
  return error instanceof Error && error.cause !== undefined ? ownError(error.cause) : undefined;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
