/** Bounds how much work is done at once; further work waits in its turn. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  get isFull(): boolean {
    return this.#free === 0;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves with what gives the place back; to call that again does nothing. @throws the signal's reason */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.isFull) await this.#wait(signal);
    else this.#free--;
    let isTaken = true;
    return () => {
      if (isTaken) this.#give();
      isTaken = false;
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const give = await this.take();
    try {
      return await work();
    } finally {
      give();
    }
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(resolve);
      reject(signal?.reason as Error);
    };
    this.#waiting.add(resolve);
    signal?.addEventListener("abort", leave, { once: true });
    await promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  /** A place goes to who waits longest. */
  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
