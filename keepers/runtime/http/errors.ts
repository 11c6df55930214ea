import { MyceliaError } from "../errors.ts";

/** What a peer said in its problem document (RFC 9457), as far as it can be trusted: bounded, and text but for `details`. */
export interface RemoteProblem {
  readonly code: string;
  readonly detail: string;
  /** As the peer says: anything. */
  readonly details?: unknown;
}

/** Every failure of an HTTP request, ours or a peer's. */
export class HttpError extends MyceliaError {
  readonly retry: boolean;
  /** Status the peer answered with; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The peer's own words when it answered with a problem document. */
  readonly problem: RemoteProblem | undefined;

  constructor(code: string, message: string, options: HttpErrorOptions) {
    super(code, message, options.details ?? {}, options.cause);
    this.retry = options.retry;
    this.status = options.status;
    this.problem = options.problem;
  }
}

export interface HttpErrorOptions {
  readonly retry: boolean;
  readonly status?: number | undefined;
  readonly problem?: RemoteProblem | undefined;
  readonly details?: Record<string, unknown>;
  readonly cause?: unknown;
}

/** A request that our side must not send: wrong scheme, refused address, credentials in the URL. */
export function refused(code: string, message: string, details: Record<string, unknown>): HttpError {
  return new HttpError(code, message, { retry: false, details });
}
