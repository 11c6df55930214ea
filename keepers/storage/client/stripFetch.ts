import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { BatchSegment } from "../format/batch.ts";
import { elementsOf, originalStrips, setOf, sizeOf, stripOfSlot } from "../format/placement.ts";
import { type StripsAnswer, stripsPerAnswer } from "../format/segmentFormat.ts";
import type { Strip } from "../format/stripFormat.ts";
import type { ClientLimits } from "./clientTypes.ts";
import { raceOrLate } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import type { ReadingLedger } from "./readingLedger.ts";

export interface StripFetchNeeds {
  readonly api: MemberApi;
  readonly limits: ClientLimits;
  readonly members: readonly CommitteeMember[];
  readonly ledger: ReadingLedger;
  readonly signal: AbortSignal;
}

interface Source {
  readonly member: CommitteeMember;
  /** Strips that it is believed to hold: those of its slots, then what it says itself. */
  holds: bigint;
  /** Whether it has said itself what it holds. */
  told: boolean;
  usable: boolean;
}

interface Asked {
  readonly source: Source;
  readonly wanted: bigint;
  readonly since: number;
}

/** Takes a strip that a member has sent. @throws what makes the member unusable */
export type TakeStrip = (strip: Strip, member: CommitteeMember) => void;

/**
 * Gathers enough strips of a segment to rebuild it: the original ones where their holders answer, parity ones in place of
 * what is missing, refused or late. A member has one request running at a time.
 * @param have strips that need not be fetched
 * @throws RetryableError storage/too-few-rows
 */
export async function fetchStrips(
  needs: StripFetchNeeds,
  segment: BatchSegment,
  take: TakeStrip,
  have: ReadonlyMap<number, Strip> = new Map(),
): Promise<Map<number, Strip>> {
  const done = new AbortController();
  const fetch = new StripFetch(needs, segment, take, AbortSignal.any([needs.signal, done.signal]));
  fetch.startWith(have);
  try {
    return await fetch.run();
  } finally {
    done.abort();
  }
}

class StripFetch {
  readonly #needs: StripFetchNeeds;
  readonly #segment: BatchSegment;
  readonly #accept: TakeStrip;
  readonly #signal: AbortSignal;
  readonly #sources: Source[];
  readonly #strips = new Map<number, Strip>();
  readonly #running = new Map<Promise<void>, Asked>();
  #have = 0n;

  constructor(needs: StripFetchNeeds, segment: BatchSegment, take: TakeStrip, signal: AbortSignal) {
    this.#needs = needs;
    this.#segment = segment;
    this.#accept = take;
    this.#signal = signal;
    this.#sources = needs.members.map((member) => ({
      member,
      holds: setOf(elementsOf(member.slots).map((slot) => stripOfSlot(slot, segment.commitment))),
      told: false,
      usable: needs.ledger.isUsable(member),
    }));
  }

  startWith(strips: ReadonlyMap<number, Strip>): void {
    for (const [number, strip] of strips) this.#keep(number, strip);
  }

  async run(): Promise<Map<number, Strip>> {
    const needed = originalStrips(this.#segment.shape);
    while (this.#strips.size < needed) {
      this.#needs.signal.throwIfAborted();
      this.#assign(needed);
      if (this.#running.size === 0 && !this.#askWhoHolds()) throw this.#tooFew(needed);
      await raceOrLate(new Set(this.#running.keys()), this.#untilNextLate());
    }
    return this.#strips;
  }

  /** Gives idle members strips to bring until those on their way are enough. */
  #assign(needed: number): void {
    let coming = this.#onTheWay();
    for (const source of this.#sources) {
      const missing = needed - sizeOf(this.#have | coming);
      if (missing <= 0) return;
      if (!source.usable || this.#isBusy(source)) continue;
      const most = Math.min(missing, stripsPerAnswer(this.#segment.shape));
      const wanted = setOf(this.#pick(source, coming, needed).slice(0, most));
      if (wanted === 0n) continue;
      this.#ask(source, wanted);
      coming |= wanted;
    }
  }

  /** What a member could bring: original strips first, and those of others only in place of what nobody else will bring. */
  #pick(source: Source, coming: bigint, needed: number): number[] {
    const candidates = elementsOf(source.holds & ~this.#have & ~coming);
    const originals = candidates.filter((number) => number < needed);
    // Parity stands in for originals that no idle or asked member holds; so others' originals are left to them.
    const reachable = this.#reachableOriginals(needed);
    const room = needed - sizeOf(reachable | this.#have | coming);
    return [...originals, ...candidates.filter((number) => number >= needed).slice(0, Math.max(0, room))];
  }

  #reachableOriginals(needed: number): bigint {
    const late = new Set(
      [...this.#running.values()].filter((asked) => this.#isLate(asked)).map(({ source }) => source),
    );
    let set = 0n;
    for (const source of this.#sources) if (source.usable && !late.has(source)) set |= source.holds;
    return set & ((1n << BigInt(needed)) - 1n);
  }

  #ask(source: Source, wanted: bigint): void {
    const { api } = this.#needs;
    const { commitment, shape } = this.#segment;
    const numbers = elementsOf(wanted);
    const asked = { source, wanted, since: performance.now() };
    const request: Promise<void> = api
      .strips(source.member, commitment, shape, numbers, this.#signal)
      .then((answer) => this.#take(source, wanted, answer))
      .catch((error: unknown) => {
        if (this.#signal.aborted) return;
        source.usable = false;
        this.#needs.ledger.failed(source.member, commitment, error);
      })
      .finally(() => this.#running.delete(request));
    this.#running.set(request, asked);
  }

  /** @throws what makes the member unusable: a strip that is refused, or one that was not asked for */
  #take(source: Source, wanted: bigint, { held, strips }: StripsAnswer): void {
    source.told = true;
    const brought = setOf(strips.map(({ number }) => number));
    // What was asked for and has not come will not come: it need not be asked for again.
    source.holds = held & ~wanted;
    if ((brought & ~wanted) !== 0n) throw unasked(brought & ~wanted);
    for (const strip of strips) {
      if (((wanted & ~this.#have) >> BigInt(strip.number)) % 2n === 0n) continue;
      this.#accept(strip, source.member);
      this.#keep(strip.number, strip);
    }
    if (brought === 0n && wanted !== 0n && source.holds === 0n) source.usable = false;
  }

  #keep(number: number, strip: Strip): void {
    this.#strips.set(number, strip);
    this.#have |= 1n << BigInt(number);
  }

  /** Last resort: members may hold strips of slots that they no longer own, and members that failed before may be back. */
  #askWhoHolds(): boolean {
    const silent = this.#sources.filter(
      (source) => !source.told && !this.#needs.ledger.isBlamed(source.member),
    );
    for (const source of silent) {
      source.usable = true;
      source.told = true;
      this.#ask(source, source.holds & ~this.#have);
    }
    return silent.length > 0;
  }

  #isBusy(source: Source): boolean {
    return [...this.#running.values()].some((asked) => asked.source === source);
  }

  #onTheWay(): bigint {
    let set = 0n;
    for (const asked of this.#running.values()) if (!this.#isLate(asked)) set |= asked.wanted;
    return set & ~this.#have;
  }

  #isLate({ since }: Asked): boolean {
    return performance.now() - since >= this.#needs.limits.hedgeMs;
  }

  #untilNextLate(): number | undefined {
    const left = [...this.#running.values()]
      .filter((asked) => !this.#isLate(asked))
      .map(({ since }) => since + this.#needs.limits.hedgeMs - performance.now());
    return left.length === 0 ? undefined : Math.max(1, Math.min(...left));
  }

  #tooFew(needed: number): RetryableError {
    const { ledger } = this.#needs;
    return new RetryableError(
      "storage/too-few-rows",
      `${this.#strips.size} of ${needed} strips could be read: too many members are down or hold nothing of this segment`,
      { strips: this.#strips.size, needed, failures: ledger.failures, blamed: ledger.blamed },
    );
  }
}

function unasked(strips: bigint): FatalError {
  const numbers = elementsOf(strips);
  return new FatalError(
    "storage/unasked-strip",
    `strips ${numbers.join(", ")} came that were not asked for`,
    { numbers },
  );
}
