/** What every error of ours carries: a stable code for machines, and whether the same call may succeed later. */
export abstract class MyceliaError extends Error {
  /** Stable, kebab-case, part of the public interface: "storage/quota-exceeded". */
  readonly code: string;
  /** True when trying again, unchanged, may help. */
  abstract readonly retry: boolean;
  /** The offending values, safe to print. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** Try again: a peer was slow, a node was down, a block has not come yet. */
export class RetryableError extends MyceliaError {
  readonly retry = true;
}

/** Do not try again: the input, the configuration or the state is wrong. */
export class FatalError extends MyceliaError {
  readonly retry = false;
}
