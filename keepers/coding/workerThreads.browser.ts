import { CodingError } from "./errors.ts";
import type { Threads } from "./threads.ts";

/** Threads share memory, which a page may send to its workers only when it asked to be kept apart from all others. */
export function usualThreads(): number {
  return 0;
}

/** @throws CodingError coding/no-threads */
export function workerThreads(count: number): Threads {
  throw new CodingError("coding/no-threads", `A browser codes on the calling thread, not on ${count} others`);
}
