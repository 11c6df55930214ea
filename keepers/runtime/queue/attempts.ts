import { MyceliaError } from "../errors.ts";
import type { QueueOptions } from "./queue.ts";

/** Pause before the next try when `tries` have failed, milliseconds. */
export function backoffMs(options: QueueOptions, tries: number): number {
  return Math.min(options.backoffMs * 2 ** (tries - 1), 3_600_000);
}

/** Whether an error leaves a job nothing to hope for. */
export function isFinal(error: unknown): boolean {
  return error instanceof MyceliaError && !error.retry;
}

/** What is kept of an error with a parked job. */
export function describeError(error: unknown): string {
  return String(error instanceof MyceliaError ? `${error.code}: ${error.message}` : error).slice(0, 1_000);
}
