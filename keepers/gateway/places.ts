import { Refusal } from "./refusal.ts";

/** Whoever has a place. */
interface Holder {
  /** Whether others may have its place. */
  readonly isSlow: () => boolean;
  readonly cutOff: () => void;
}

/**
 * Bounds how much work of a kind is done at once; further work waits in its turn, and so does what its peers would send.
 * While somebody waits, a holder that says of itself that its peer hardly moves loses its place.
 */
export class Places {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting = new Set<() => void>();
  readonly #holders = new Set<Holder>();
  #taken = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves with what gives the place back. @throws Refusal SlowDown when too many wait; the signal's reason */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken >= this.#most) await this.#wait(signal);
    else this.#taken++;
    let isTaken = true;
    return () => {
      if (isTaken) this.#give();
      isTaken = false;
    };
  }

  /** Lets who holds a place be cut off, until what is returned is called. */
  watch(holder: Holder): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) {
      const message = `this gateway serves ${this.#most} such requests at once, and ${this.#mostWaiting} wait; try again`;
      throw new Refusal("SlowDown", message);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(resolve);
      reject(signal.reason as Error);
    };
    this.#waiting.add(resolve);
    signal.addEventListener("abort", leave, { once: true });
    this.#cutOffSlow();
    await promise.finally(() => signal.removeEventListener("abort", leave));
  }

  #cutOffSlow(): void {
    for (const holder of this.#holders) if (holder.isSlow()) holder.cutOff();
  }

  /** A place goes to who waits longest. */
  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
