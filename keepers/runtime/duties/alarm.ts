import { setTimeout as sleep } from "node:timers/promises";

/** A pause that can be cut short. */
export class Alarm {
  #cut = new AbortController();

  /** Ends the pause under way, or the next one before it begins. */
  ring(): void {
    this.#cut.abort();
  }

  /** Resolves after `ms`, when the alarm rings, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([this.#cut.signal, signal]) }).catch(
      () => undefined,
    );
    if (this.#cut.signal.aborted) this.#cut = new AbortController();
  }
}
