import { createHash } from "node:crypto";
import { type Job as BullJob, Queue as BullQueue, UnrecoverableError, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { FatalError } from "../errors.ts";
import { fromJson, toJson } from "../store/json.ts";
import { backoffMs, describeError, isFinal } from "./attempts.ts";
import type { Job, Queue, QueueOptions } from "./queue.ts";

export interface RedisQueueOptions extends QueueOptions {
  /** A worker that was silent for so long is dead, and its jobs run elsewhere; milliseconds. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 30_000;
/** A worker's death is not a try: a job may outlive any number of workers. */
const DEATHS = 1_000_000_000;

/** Writes a key down as done, once. Keys: states (hash), counter. */
const FINISH = `
if redis.call('HGET', KEYS[1], ARGV[1]) == 'done' then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], 'done')
return redis.call('INCR', KEYS[2])`;

interface Payload {
  readonly key: string;
  /** As `toJson` writes it. */
  readonly data: string;
}

/**
 * A queue in a Redis that several processes share: BullMQ runs it, and a hash beside it remembers every key, so that a
 * finished job leaves nothing but its key. The connection stays open.
 */
export function openRedisQueue<T>(
  redis: Redis,
  deployment: string,
  name: string,
  options: RedisQueueOptions,
  logger?: Logger,
): Queue<T> {
  return new RedisQueue<T>(redis, deployment, name, options, logger);
}

class RedisQueue<T> implements Queue<T> {
  readonly #redis: Redis;
  readonly #name: string;
  readonly #prefix: string;
  readonly #options: RedisQueueOptions;
  readonly #logger: Logger | undefined;
  readonly #bull: BullQueue<Payload>;
  readonly #states: string;
  readonly #doneCount: string;
  readonly #closing = new AbortController();
  #working: Promise<void> | undefined;

  constructor(
    redis: Redis,
    deployment: string,
    name: string,
    options: RedisQueueOptions,
    logger: Logger | undefined,
  ) {
    this.#redis = redis;
    this.#name = name;
    this.#prefix = `{mycelia/${deployment}/queue}`;
    this.#options = options;
    this.#logger = logger;
    // BullMQ splits its keys at colons.
    this.#bull = new BullQueue<Payload>(name.replaceAll(":", "/"), {
      connection: redis,
      prefix: this.#prefix,
    });
    this.#bull.on("error", (err) => logger?.warn({ err, queue: name }, "queue"));
    this.#states = `${this.#prefix}/${name}/states`;
    this.#doneCount = `${this.#prefix}/${name}/done`;
  }

  async add(job: Job<T>): Promise<boolean> {
    this.#checkOpen();
    const id = hashOf(job.key);
    if ((await this.#redis.hget(this.#states, id)) === "done") return false;
    // BullMQ ignores an id that it has. The state comes second: a job is never known and absent.
    await this.#bull.add(
      "job",
      { key: job.key, data: toJson(job.data) },
      {
        jobId: id,
        attempts: this.#options.attempts,
        backoff: { type: "doubling" },
        removeOnComplete: true,
        removeOnFail: false,
      },
    );
    return (await this.#redis.hsetnx(this.#states, id, "open")) === 1;
  }

  async work(run: (job: Job<T>, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    if (this.#working !== undefined) {
      throw new FatalError("queue/already-working", `${this.#name} has a worker already.`);
    }
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    this.#working = this.#workUntil(stop, run);
    try {
      await this.#working;
    } finally {
      this.#working = undefined;
    }
  }

  async counts(): Promise<{ waiting: number; active: number; done: number; failed: number }> {
    const found = await this.#bull.getJobCounts("wait", "delayed", "active", "failed");
    const of = (state: string) => found[state] ?? 0;
    return {
      waiting: of("wait") + of("delayed"),
      active: of("active"),
      done: Number((await this.#redis.get(this.#doneCount)) ?? 0),
      failed: of("failed"),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
    await this.#bull.close();
  }

  async #workUntil(
    stop: AbortSignal,
    run: (job: Job<T>, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const silence = this.#options.silenceMs ?? SILENCE_MS;
    const worker = new Worker<Payload>(
      this.#bull.name,
      (job, token) => this.#process(job, token ?? "", run, stop),
      {
        connection: this.#redis,
        prefix: this.#prefix,
        concurrency: this.#options.concurrency,
        lockDuration: silence,
        stalledInterval: Math.ceil(silence / 2),
        maxStalledCount: DEATHS,
        settings: { backoffStrategy: (tries) => backoffMs(this.#options, tries) },
      },
    );
    worker.on("error", (err) => this.#logger?.warn({ err, queue: this.#name }, "queue worker"));
    await new Promise<void>((resolve) => {
      // Closed at once, so that no job that was given back is taken again.
      const close = () => resolve(worker.close());
      if (stop.aborted) close();
      else stop.addEventListener("abort", close, { once: true });
    });
  }

  async #process(
    job: BullJob<Payload>,
    token: string,
    run: (job: Job<T>, signal: AbortSignal) => Promise<void>,
    stop: AbortSignal,
  ): Promise<void> {
    const id = hashOf(job.data.key);
    if ((await this.#redis.hget(this.#states, id)) === "done") return;
    if (stop.aborted) return await giveBack(job, token);
    try {
      await run({ key: job.data.key, data: fromJson(job.data.data) as T }, stop);
    } catch (error) {
      // A job that was told to stop has not failed: it runs again elsewhere, or here at the next start.
      if (stop.aborted) return await giveBack(job, token);
      this.#logger?.warn({ err: error, queue: this.#name, key: job.data.key }, "job failed");
      if (isFinal(error)) throw new UnrecoverableError(describeError(error));
      throw new Error(describeError(error));
    }
    await this.#redis.eval(FINISH, 2, this.#states, this.#doneCount, id);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) {
      throw new FatalError("queue/closed", `The queue ${this.#name} was used after it was closed.`);
    }
  }
}

async function giveBack(job: BullJob<Payload>, token: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

function hashOf(key: string): string {
  return createHash("sha256").update(key, "utf8").digest("hex");
}
