import { pause } from "../../runtime/pause.ts";

/** Bytes a second that may be fetched, with a burst of one second; who takes more than there is waits until it is paid off. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #now: () => number;
  #level: number;
  #since: number;

  /** @param now clock, milliseconds */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#level = perSecond;
    this.#since = now();
  }

  /** Takes `amount`; resolves once it may be used. Takers are served in their order, a large one too. */
  async take(amount: number, signal: AbortSignal): Promise<void> {
    const wait = this.#debit(amount);
    if (wait > 0) await pause(wait, signal);
    signal.throwIfAborted();
  }

  /** What is left, below zero when it is owed. */
  level(): number {
    this.#refill();
    return this.#level;
  }

  /** Milliseconds until what was owed before this is paid off. */
  #debit(amount: number): number {
    this.#refill();
    const owed = -this.#level;
    this.#level -= amount;
    return owed > 0 ? (owed / this.#perSecond) * 1000 : 0;
  }

  #refill(): void {
    const now = this.#now();
    this.#level = Math.min(this.#perSecond, this.#level + ((now - this.#since) * this.#perSecond) / 1000);
    this.#since = now;
  }
}
