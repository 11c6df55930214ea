import type { CommitteeMember } from "../chain/committeeView.ts";

export interface Patience {
  /** Probes in a row that a member leaves unanswered before it counts as gone. */
  readonly probes: number;
  /** Between the first of them and the last, milliseconds at least. */
  readonly spanMs: number;
}

interface Silence {
  readonly endpoint: string;
  readonly since: number;
  latest: number;
  probes: number;
}

/** More than one in so many silent: then it may be this node that is cut off. */
const CUT_OFF_DIVISOR = 3;

/** How long each of the other members has been silent. Kept in memory: who restarts begins to wait anew. */
export class Watch {
  readonly #patience: Patience;
  readonly #now: () => number;
  readonly #silences = new Map<string, Silence>();
  #watched = 0;

  constructor(patience: Patience, now = () => performance.now()) {
    this.#patience = patience;
    this.#now = now;
  }

  /** Whose silence matters from now on. Who left, or moved to another endpoint, begins anew. */
  watch(members: readonly CommitteeMember[]): void {
    this.#watched = members.length;
    const endpoints = new Map(members.map(({ operator, endpoint }) => [operator, endpoint]));
    for (const [operator, { endpoint }] of this.#silences)
      if (endpoints.get(operator) !== endpoint) this.#silences.delete(operator);
  }

  note({ operator, endpoint }: CommitteeMember, isThere: boolean): void {
    if (isThere) {
      this.#silences.delete(operator);
      return;
    }
    const now = this.#now();
    const silence = this.#silences.get(operator) ?? { endpoint, since: now, latest: now, probes: 0 };
    silence.latest = now;
    silence.probes++;
    this.#silences.set(operator, silence);
  }

  /** Members that left the latest probe unanswered. */
  get silent(): number {
    return this.#silences.size;
  }

  get isCutOff(): boolean {
    return this.silent * CUT_OFF_DIVISOR > this.#watched;
  }

  isGone({ operator }: CommitteeMember): boolean {
    const silence = this.#silences.get(operator);
    if (silence === undefined) return false;
    const { probes, spanMs } = this.#patience;
    return silence.probes >= probes && silence.latest - silence.since >= spanMs;
  }
}
