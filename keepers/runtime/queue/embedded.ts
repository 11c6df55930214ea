import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import { FatalError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { backoffMs, describeError, isFinal } from "./attempts.ts";
import { createLedger, type JobLedger, type OpenJob } from "./ledger.ts";
import type { Job, Queue, QueueOptions } from "./queue.ts";

/** Pause when the store fails in the middle of a job's bookkeeping, milliseconds; the job then runs again. */
const STORE_TROUBLE_MS = 1_000;

/**
 * A queue in this process, durable in a store. Only one may be open for a name at a time. What was running when the process
 * died runs again, and a death is not a try. Keys of finished jobs are kept for ever.
 */
export function openEmbeddedQueue<T>(
  store: Store,
  name: string,
  options: QueueOptions,
  logger?: Logger,
): Queue<T> {
  return new EmbeddedQueue<T>(createLedger<T>(store.under(`queue/${name}/`)), name, options, logger);
}

class EmbeddedQueue<T> implements Queue<T> {
  readonly #ledger: JobLedger<T>;
  readonly #name: string;
  readonly #options: QueueOptions;
  readonly #logger: Logger | undefined;
  readonly #bell = new Bell();
  readonly #closing = new AbortController();
  /** By key. */
  readonly #active = new Map<string, Promise<void>>();
  #isWorking = false;

  constructor(ledger: JobLedger<T>, name: string, options: QueueOptions, logger: Logger | undefined) {
    this.#ledger = ledger;
    this.#name = name;
    this.#options = options;
    this.#logger = logger;
  }

  async add(job: Job<T>): Promise<boolean> {
    this.#checkOpen();
    const isNew = await this.#ledger.open(job, Date.now());
    if (isNew) this.#bell.ring();
    return isNew;
  }

  async work(run: (job: Job<T>, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    if (this.#isWorking) throw new FatalError("queue/already-working", `${this.#name} has a worker already.`);
    this.#isWorking = true;
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const onAbort = () => this.#bell.ring();
    stop.addEventListener("abort", onAbort, { once: true });
    try {
      while (!stop.aborted) await this.#bell.wait(await this.#startDue(run, stop));
    } finally {
      stop.removeEventListener("abort", onAbort);
      await Promise.all(this.#active.values());
      this.#isWorking = false;
    }
  }

  async counts(): Promise<{ waiting: number; active: number; done: number; failed: number }> {
    const { open, done, failed } = await this.#ledger.counts();
    return { waiting: open - this.#active.size, active: this.#active.size, done, failed };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#active.values());
  }

  /** Starts what is due, up to the limit; how long until there is more to start, if that is known. */
  async #startDue(
    run: (job: Job<T>, signal: AbortSignal) => Promise<void>,
    stop: AbortSignal,
  ): Promise<number | undefined> {
    for await (const job of this.#ledger.due(this.#active.size + this.#options.concurrency)) {
      if (stop.aborted || this.#active.size >= this.#options.concurrency) return undefined;
      if (this.#active.has(job.key)) continue;
      const early = job.dueAt - Date.now();
      if (early > 0) return early;
      const running = this.#run(job, run, stop).finally(() => {
        this.#active.delete(job.key);
        this.#bell.ring();
      });
      this.#active.set(job.key, running);
    }
    return undefined;
  }

  async #run(
    job: OpenJob<T>,
    run: (job: Job<T>, signal: AbortSignal) => Promise<void>,
    stop: AbortSignal,
  ): Promise<void> {
    try {
      const failure = await run({ key: job.key, data: job.data }, stop).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      if (failure === undefined) await this.#ledger.finish(job);
      // A job that was told to stop has not failed: it runs again at the next start.
      else if (!stop.aborted) await this.#fail(job, failure.error);
    } catch (error) {
      this.#logger?.error({ err: error, queue: this.#name, key: job.key }, "job could not be written down");
      await new Promise((resolve) => setTimeout(resolve, STORE_TROUBLE_MS));
    }
  }

  async #fail(job: OpenJob<T>, error: unknown): Promise<void> {
    const tries = job.tries + 1;
    const isParked = isFinal(error) || tries >= this.#options.attempts;
    this.#logger?.warn({ err: error, queue: this.#name, key: job.key, tries, isParked }, "job failed");
    if (isParked) await this.#ledger.park(job, tries, describeError(error));
    else await this.#ledger.postpone(job, tries, Date.now() + backoffMs(this.#options, tries));
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) {
      throw new FatalError("queue/closed", `The queue ${this.#name} was used after it was closed.`);
    }
  }
}
