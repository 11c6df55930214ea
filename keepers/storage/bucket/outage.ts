import { RetryableError } from "../../runtime/errors.ts";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Time in which an endpoint is not asked to take rows because it has just failed to: whoever comes is refused at once, and one try follows
 * when it is over. Each is twice as long as the last.
 */
export class Outage {
  #until = 0;
  #next = FIRST_MS;
  #why = "";

  /** @throws RetryableError storage/write-failed */
  refuse(): void {
    if (performance.now() < this.#until) throw refusal(this.#why);
  }

  /** An append has failed. @returns what the uploader is told */
  begin(error: unknown): RetryableError {
    this.#why = error instanceof Error ? error.message : String(error);
    this.#until = performance.now() + this.#next;
    this.#next = Math.min(this.#next * 2, LONGEST_MS);
    return refusal(this.#why, error);
  }

  over(): void {
    this.#next = FIRST_MS;
  }
}

function refusal(why: string, cause?: unknown): RetryableError {
  return new RetryableError("storage/write-failed", `the rows were not taken: ${why}; try again`, {}, cause);
}
