import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";

/** What this node has spent on asking one member. */
interface Asked {
  /** In which it was challenged last. */
  readonly epoch: bigint;
  readonly times: number;
}

/** Epochs between two challenges of one member double up to this. */
const LONGEST_REST = 256n;

/**
 * Whom this node has challenged, across restarts. A member that answers on chain and not over HTTP earns a deposit each time:
 * so each challenge doubles the epochs before the next of the same member, and what it can earn stays small.
 */
export class ChallengeBook {
  readonly #asked: Records<Asked>;

  constructor(store: Store) {
    this.#asked = createRecords(store, "asked/", plainFormat());
  }

  async mayAsk(operator: string, epoch: bigint): Promise<boolean> {
    const asked = await this.#asked.get(operator);
    return asked === undefined || epoch >= asked.epoch + restAfter(asked.times);
  }

  /** Challenges in an epoch. */
  async count(epoch: bigint): Promise<number> {
    let count = 0;
    for await (const [, asked] of this.#asked.scan()) if (asked.epoch === epoch) count++;
    return count;
  }

  /** Before the challenge is sent, so that a crash can't make it forgotten. */
  async note(operator: string, epoch: bigint): Promise<void> {
    const times = (await this.#asked.get(operator))?.times ?? 0;
    await this.#asked.put(operator, { epoch, times: times + 1 });
  }

  /** Forgets who has left, but for what was spent in this epoch. */
  async prune(operators: ReadonlySet<string>, epoch: bigint): Promise<void> {
    const gone: string[] = [];
    for await (const [operator, asked] of this.#asked.scan())
      if (!operators.has(operator) && asked.epoch < epoch) gone.push(operator);
    for (const operator of gone) await this.#asked.delete(operator);
  }
}

function restAfter(times: number): bigint {
  const rest = 2n ** BigInt(Math.max(0, times - 1));
  return rest < LONGEST_REST ? rest : LONGEST_REST;
}
