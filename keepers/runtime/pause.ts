/** Waits; ends early, without an error, when the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}

/** Pauses that double from `first` to `longest` milliseconds, and start over after a success. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
  }

  reset(): void {
    this.#next = this.#first;
  }

  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.#next;
    this.#next = Math.min(ms * 2, this.#longest);
    await pause(ms, signal);
  }
}
