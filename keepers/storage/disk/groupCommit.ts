interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets those who come while one commit runs share the next one: many writers, one flush. Commits never overlap. Nobody fails
 * for another's sake: what a group was not taken with is tried alone.
 */
export class GroupCommit<T, R> {
  readonly #commit: (items: readonly T[]) => Promise<readonly R[]>;
  readonly #maxItems: number;
  #waiting: Waiting<T, R>[] = [];
  #running: Promise<void> | undefined;

  /** @param commit makes all items durable and answers for each, in order; when it throws, none of them is taken */
  constructor(commit: (items: readonly T[]) => Promise<readonly R[]>, maxItems: number) {
    this.#commit = commit;
    this.#maxItems = maxItems;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // A turn's grace, so that writers of the same moment meet in one group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#maxItems);
      if (await this.#take(group, group.length > 1)) continue;
      for (const one of group) await this.#take([one], false);
    }
    this.#running = undefined;
  }

  /** False when the group was not taken and is to be tried again, in smaller ones. */
  async #take(group: readonly Waiting<T, R>[], again: boolean): Promise<boolean> {
    try {
      const results = await this.#commit(group.map(({ item }) => item));
      group.forEach(({ resolve }, i) => {
        resolve(results[i]!);
      });
    } catch (error) {
      if (again) return false;
      for (const { reject } of group) reject(error);
    }
    return true;
  }
}
