import type { CommitteeMember } from "../chain/committeeView.ts";

interface Standing {
  readonly until: number;
  readonly pauseMs: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const BLAME_MS = 10 * 60_000;

/** Whom to ask: members that were silent rest a while, longer each time; who sent what is not true is left alone for long. */
export class PeerBook {
  readonly #now: () => number;
  readonly #resting = new Map<string, Standing>();

  /** @param now clock, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  isUsable({ signer }: CommitteeMember): boolean {
    return (this.#resting.get(signer)?.until ?? 0) <= this.#now();
  }

  answered({ signer }: CommitteeMember): void {
    if (this.#resting.has(signer)) this.#resting.delete(signer);
  }

  silent({ signer }: CommitteeMember): void {
    const before = this.#resting.get(signer)?.pauseMs ?? FIRST_PAUSE_MS / 2;
    const pauseMs = Math.min(2 * before, LONGEST_PAUSE_MS);
    this.#resting.set(signer, { until: this.#now() + pauseMs, pauseMs });
  }

  blame({ signer }: CommitteeMember): void {
    this.#resting.set(signer, { until: this.#now() + BLAME_MS, pauseMs: LONGEST_PAUSE_MS });
  }
}
