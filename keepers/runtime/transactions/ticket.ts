import type { TransactionReceipt } from "ethers";
import { TransactionTimeoutError } from "./errors.ts";
import type { TransactionJob } from "./sender.ts";

/** One job in the sender, and everybody who waits for it. */
export class Ticket {
  readonly job: TransactionJob;
  /** What it is waiting for, for people. */
  trouble = "not sent yet";
  /** Landings seen when the simulation refused it with others in flight; it is tried again after the next. */
  heldAt: number | undefined;
  /** Least gas for the next try, and tries that a block took and that ran out of it. */
  gasFloor = 0n;
  outOfGas = 0;
  #waiters = 0;
  readonly #settled = Promise.withResolvers<TransactionReceipt>();

  constructor(job: TransactionJob) {
    this.job = job;
    // A job taken up from the journal may have nobody waiting.
    this.#settled.promise.catch(() => {});
  }

  get isAwaited(): boolean {
    return this.#waiters > 0;
  }

  /** Keeps it back until one more transaction has landed. */
  hold(landings: number): void {
    this.heldAt = landings;
    this.trouble = "waiting for transactions before it";
  }

  resolve(receipt: TransactionReceipt): void {
    this.#settled.resolve(receipt);
  }

  reject(error: unknown): void {
    this.#settled.reject(error);
  }

  /** Resolves with the job; leaves it alone, and rejects, when the time is up or the signal aborts. */
  async wait(timeoutMs: number, signal?: AbortSignal): Promise<TransactionReceipt> {
    this.#waiters++;
    const left = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => left.reject(new TransactionTimeoutError(this.job.key, timeoutMs, this.trouble)),
      timeoutMs,
    );
    const onAbort = () => left.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#settled.promise, left.promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#waiters--;
    }
  }
}
