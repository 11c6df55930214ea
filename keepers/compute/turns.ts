import { RetryableError } from "../runtime/errors.ts";

/** Lets tasks with the same key run one after the other, and tasks with different keys together. */
export class Turns {
  readonly #queues = new Map<string, { last: Promise<unknown>; length: number }>();
  readonly #maxWaiting: number;

  /** @param maxWaiting tasks of one key that may run or wait */
  constructor(maxWaiting = 64) {
    this.#maxWaiting = maxWaiting;
  }

  /** @throws RetryableError compute/busy when too many tasks wait for this key */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= this.#maxWaiting) {
      throw new RetryableError(
        "compute/busy",
        `${queue.length} requests for ${key} are waiting already; try again later.`,
      );
    }
    const turn = queue.last.then(task, task);
    queue.last = turn;
    queue.length++;
    this.#queues.set(key, queue);
    try {
      return await turn;
    } finally {
      queue.length--;
      if (queue.length === 0) this.#queues.delete(key);
    }
  }
}
