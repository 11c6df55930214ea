import { FatalError, RetryableError } from "../errors.ts";
import type { DecodedRevert } from "./reverts.ts";
import type { TransactionJob } from "./sender.ts";

/** The chain refused the call, in simulation or in a block; trying again unchanged does not help. */
export class TransactionRevertedError extends FatalError {
  /** The contract's error where one of the known interfaces has it. */
  readonly revert: DecodedRevert;
  /** Hash of the transaction when it was mined; undefined when the simulation refused it and nothing was sent. */
  readonly hash: string | undefined;

  constructor(job: TransactionJob, revert: DecodedRevert, hash?: string) {
    const where = hash === undefined ? "in simulation, nothing was sent" : `in transaction ${hash}`;
    super("transactions/reverted", `${job.key}: ${job.to} reverted with ${revert.text} (${where}).`, {
      key: job.key,
      to: job.to,
      error: revert.name,
      arguments: revert.args.map(String),
      data: revert.data,
      hash,
    });
    this.revert = revert;
    this.hash = hash;
  }
}

/** The transaction has not reached its depth in time. It stays in flight: sending the same key again takes it up. */
export class TransactionTimeoutError extends RetryableError {
  constructor(key: string, ms: number, state: string) {
    super(
      "transactions/timeout",
      `${key} was not confirmed within ${ms} ms (${state}); send it again to wait on.`,
      {
        key,
        ms,
        state,
      },
    );
  }
}

export function senderClosed(): RetryableError {
  return new RetryableError(
    "transactions/closed",
    "The transaction sender is closed; send again after a restart.",
  );
}

/** Trouble of the node or the signer that may end while a job waits, bounded by its waiter's time limit. */
export function isPassing(error: unknown): boolean {
  if (error instanceof FatalError) return false;
  return !(error instanceof RetryableError && error.code === "transactions/insufficient-funds");
}
