import { KeyedLock } from "../../runtime/keyedLock.ts";

/** Many may change names of a bucket at once; nobody while the bucket itself goes. */
export class BucketLocks {
  readonly #keys = new KeyedLock();
  readonly #changing = new Map<string, Set<Promise<unknown>>>();
  readonly #going = new Map<string, Promise<unknown>>();

  /** Changes one key, one change after the other. */
  async change<T>(bucket: string, key: string, work: () => Promise<T>): Promise<T> {
    for (let going = this.#going.get(bucket); going !== undefined; going = this.#going.get(bucket))
      await going;
    const changes = this.#changing.get(bucket) ?? new Set();
    this.#changing.set(bucket, changes);
    const change = this.#keys.run(`${bucket}/${key}`, work);
    const ended = change.catch(() => undefined);
    changes.add(ended);
    try {
      return await change;
    } finally {
      changes.delete(ended);
      if (changes.size === 0 && this.#changing.get(bucket) === changes) this.#changing.delete(bucket);
    }
  }

  /** Changes the bucket itself, once what changes in it has come to its end. */
  async remove<T>(bucket: string, work: () => Promise<T>): Promise<T> {
    for (let going = this.#going.get(bucket); going !== undefined; going = this.#going.get(bucket))
      await going;
    const removal = Promise.all(this.#changing.get(bucket) ?? []).then(work);
    const ended = removal.catch(() => undefined);
    this.#going.set(bucket, ended);
    try {
      return await removal;
    } finally {
      this.#going.delete(bucket);
    }
  }
}
