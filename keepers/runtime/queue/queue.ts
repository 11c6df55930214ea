/** A unit of work. `key` is its identity: adding a key that is waiting, running or done changes nothing. */
export interface Job<T> {
  readonly key: string;
  readonly data: T;
}

export interface QueueOptions {
  /** Tries before a job is parked as failed. */
  readonly attempts: number;
  /** First pause between tries, milliseconds; doubles each time. */
  readonly backoffMs: number;
  /** Jobs that run at once in this process. */
  readonly concurrency: number;
}

/** A durable work queue: a job that was accepted runs until it succeeds once or is out of tries, whatever is killed. */
export interface Queue<T> {
  /** Resolves when the job is durable; false when its key was known already. */
  add(job: Job<T>): Promise<boolean>;
  /** Starts working; resolves once the signal aborts and jobs in flight have ended. */
  work(run: (job: Job<T>, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  counts(): Promise<{ waiting: number; active: number; done: number; failed: number }>;
  close(): Promise<void>;
}
