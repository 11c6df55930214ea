import { setImmediate } from "node:timers/promises";
import type { Engine } from "../../runtime/store/engine.ts";
import type { Outcome } from "./outcome.ts";
import type { AnnouncedBatch, Prepared, StreamState } from "./streamState.ts";

/**
 * Applies batches to a stream: while the engine commits some, the next are judged. What is pushed is committed in that order, and
 * each only behind all before it; after a failure nothing more is, and a new pipeline on the same state begins where it stands.
 */
export class StreamPipeline {
  readonly #engine: Engine;
  readonly #state: StreamState;
  /** All pushes before: each waits for the one before. */
  #pushed: Promise<unknown> = Promise.resolve();
  #committed: Promise<void> = Promise.resolve();
  /** What is being committed. */
  #last: Prepared | undefined;

  /** The stream is this pipeline's alone, until `settle` is through. */
  constructor(engine: Engine, state: StreamState) {
    this.#engine = engine;
    this.#state = state;
  }

  /**
   * Judges batches, which are committed together. Resolves once they are on their way to the engine, and all before them are there.
   * @param isCheckpoint whether the state before them is to stay provable
   * @throws what the engine threw, for these or for any before
   */
  push(batches: readonly AnnouncedBatch[], isCheckpoint = false): Promise<readonly Outcome[]> {
    const pushed = this.#pushed.then(() => this.#push(batches, isCheckpoint));
    this.#pushed = pushed;
    return pushed;
  }

  /** Resolves, or rejects as `push`, once nothing is under way any more. */
  async settle(): Promise<void> {
    try {
      await this.#pushed;
    } finally {
      await this.#committed;
    }
  }

  async #push(batches: readonly AnnouncedBatch[], isCheckpoint: boolean): Promise<readonly Outcome[]> {
    const prepared = await this.#state.prepare(batches, this.#last, isCheckpoint);
    await this.#committed;
    this.#last = prepared;
    this.#committed = this.#commit(prepared);
    // Whoever pushes next, or settles, is told.
    this.#committed.catch(() => undefined);
    // An engine may begin a commit at the end of a turn only: what is judged next would hold it up.
    await setImmediate();
    return prepared.outcomes;
  }

  async #commit({ writes, head }: Prepared): Promise<void> {
    await this.#engine.commit(writes);
    this.#state.adopt(head);
  }
}
