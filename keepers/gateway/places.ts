import { Semaphore } from "../runtime/semaphore.ts";
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
  readonly #places: Semaphore;
  readonly #holders = new Set<Holder>();

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
    this.#places = new Semaphore(most);
  }

  /** Resolves with what gives the place back. @throws Refusal SlowDown when too many wait; the signal's reason */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const isFull = this.#places.isFull;
    if (isFull && this.#places.waiting >= this.#mostWaiting) {
      const message = `this gateway serves ${this.#most} such requests at once, and ${this.#mostWaiting} wait; try again`;
      throw new Refusal("SlowDown", message);
    }
    const taken = this.#places.take(signal);
    if (isFull) this.#cutOffSlow();
    return await taken;
  }

  /** Lets who holds a place be cut off, until what is returned is called. */
  watch(holder: Holder): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  #cutOffSlow(): void {
    for (const holder of this.#holders) if (holder.isSlow()) holder.cutOff();
  }
}
