import { RetryableError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";

/** A batch that this node has signed for and that is not known to be on the log. */
export interface PendingBatch {
  readonly segments: number;
  /** When it was asked for last, milliseconds since 1970. */
  readonly at: number;
}

/** What one key may have pending. */
const MAX_BATCHES = 64;
const MAX_SEGMENTS = 65_536;

/** Batches that were signed for and may never be paid, by who asked; so that nobody fills a store with them. */
export class PendingBatches {
  readonly #records: Records<PendingBatch>;
  readonly #lock = new KeyedLock();

  constructor(store: Store) {
    this.#records = createRecords(store, "", plainFormat());
  }

  /**
   * Notes that `asker` wants a batch; again when it is noted already.
   * @param asker lower-case address
   * @param root lower-case hex without prefix
   * @throws RetryableError storage/too-many-batches
   */
  async add(asker: string, root: string, segments: number, now: number): Promise<void> {
    await this.#lock.run(asker, async () => {
      let [batches, sum] = [1, segments];
      for await (const [key, other] of this.#records.scan({ prefix: `${asker}/` })) {
        if (key.endsWith(root)) continue;
        batches++;
        sum += other.segments;
      }
      if (batches > MAX_BATCHES || sum > MAX_SEGMENTS) throw tooMany(asker, batches, sum);
      await this.#records.put(`${asker}/${root}`, { segments, at: now });
    });
  }

  /** A batch is on the log. */
  async settle(asker: string, root: string): Promise<void> {
    await this.#records.delete(`${asker}/${root}`);
  }

  /** Those that were asked for last before `time`, milliseconds since 1970. */
  async *before(time: number): AsyncGenerator<{ readonly asker: string; readonly root: string }> {
    for await (const [key, { at }] of this.#records.scan()) {
      const [asker, root] = key.split("/");
      if (at < time && asker !== undefined && root !== undefined) yield { asker, root };
    }
  }
}

function tooMany(asker: string, batches: number, segments: number): RetryableError {
  return new RetryableError(
    "storage/too-many-batches",
    `${asker} would have ${batches} batches with ${segments} segments signed for and not on the log; the most is ${MAX_BATCHES} with ${MAX_SEGMENTS}: append them, or wait until they are forgotten`,
    { asker, batches, segments },
  );
}
