import { type Codec, type RowChecker, rebuildAndCompare } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeBook } from "../chain/committeeBook.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { BatchSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { elementsOf, originalStrips, rowsPerStrip, setOf, slotOfStrip } from "../format/placement.ts";
import { checkHead, type SegmentHead, stripsPerAnswer } from "../format/segmentFormat.ts";
import { checkStrip, rowsOf, type Strip } from "../format/stripFormat.ts";
import type { ClientLimits } from "./clientTypes.ts";
import { firstGood } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import type { ReadingLedger } from "./readingLedger.ts";
import { fetchStrips } from "./stripFetch.ts";

export interface SegmentReaderNeeds {
  readonly codec: Codec;
  readonly api: MemberApi;
  readonly limits: ClientLimits;
  readonly committees: CommitteeBook;
}

/** A segment whose head is known. */
interface Opened {
  readonly members: readonly CommitteeMember[];
  readonly head: SegmentHead;
  readonly checker: RowChecker;
  /** Checked original strips that parts of it were read from. */
  readonly strips: Map<number, Strip>;
}

/** Segments whose heads, and strips that parts were read from, are kept: at most some 40 MiB. */
const KEPT = 8;

/** Reads segments, or parts of them, from whoever holds their rows; every row is checked. */
export class SegmentReader {
  readonly #needs: SegmentReaderNeeds;
  readonly #ledger: ReadingLedger;
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #miscoded: string[] = [];
  #rebuilt = 0;

  constructor(needs: SegmentReaderNeeds, ledger: ReadingLedger) {
    this.#needs = needs;
    this.#ledger = ledger;
  }

  /** Segments that were rebuilt with parity rows. */
  get rebuilt(): number {
    return this.#rebuilt;
  }

  /** Segments whose bytes code to another commitment, hex. */
  get miscoded(): readonly string[] {
    return this.#miscoded;
  }

  /**
   * All bytes of a segment, with the zeros behind its end; they are coded again and compared.
   * @throws RetryableError storage/too-few-rows
   */
  async whole(segment: BatchSegment, signal: AbortSignal): Promise<Uint8Array> {
    const { commitment, shape } = segment;
    const { members, head, checker } = await this.#open(segment, signal);
    const needs = { ...this.#needs, members, ledger: this.#ledger, signal };
    const strips = await fetchStrips(needs, commitment, head, checker);
    const rows = new Map([...strips.values()].flatMap((strip) => [...rowsOf(strip, shape)]));
    if ([...strips.keys()].some((number) => number >= originalStrips(shape))) this.#rebuilt++;
    const { data, consistent } = await rebuildAndCompare(this.#needs.codec, commitment, shape, rows, signal);
    if (!consistent) this.#miscoded.push(nameOf(commitment));
    return data;
  }

  /**
   * Bytes `from` to `to` of a segment. Where few original strips hold them, only those are fetched; rows are checked, but
   * what is not fetched can't show that the writer coded wrongly.
   * @throws as `whole`
   */
  async part(segment: BatchSegment, from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
    const { shape } = segment;
    const perStrip = rowsPerStrip(shape) * shape.rowSize;
    const [first, last] = [Math.floor(from / perStrip), Math.ceil(to / perStrip) - 1];
    if (2 * (last - first + 1) <= originalStrips(shape)) {
      const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
      const strips = await this.#original(segment, numbers, signal);
      if (strips !== undefined)
        return Buffer.concat(strips.map(({ rows }) => rows)).subarray(
          from - first * perStrip,
          to - first * perStrip,
        );
    }
    return (await this.whole(segment, signal)).subarray(from, to);
  }

  /** These original strips from their owners; undefined when one of them doesn't bring its own in time. */
  async #original(
    segment: BatchSegment,
    numbers: readonly number[],
    signal: AbortSignal,
  ): Promise<readonly Strip[] | undefined> {
    const opened = await this.#open(segment, signal);
    const missing = setOf(numbers.filter((number) => !opened.strips.has(number)));
    if (missing !== 0n) {
      const late = AbortSignal.any([signal, AbortSignal.timeout(this.#needs.limits.hedgeMs)]);
      await Promise.all(opened.members.map((member) => this.#bring(segment, opened, member, missing, late)));
      signal.throwIfAborted();
    }
    const strips = numbers.map((number) => opened.strips.get(number));
    return strips.every((strip) => strip !== undefined) ? strips : undefined;
  }

  /** Takes a member's own of the missing strips; notes why where that fails. */
  async #bring(
    { commitment, shape }: BatchSegment,
    { head, checker, strips }: Opened,
    member: CommitteeMember,
    missing: bigint,
    signal: AbortSignal,
  ): Promise<void> {
    const own = elementsOf(missing).filter(
      (number) => ((member.slots >> BigInt(slotOfStrip(number, commitment))) & 1n) === 1n,
    );
    if (own.length === 0 || !this.#ledger.isUsable(member)) return;
    const most = stripsPerAnswer(shape);
    try {
      for (let at = 0; at < own.length; at += most) {
        const some = own.slice(at, at + most);
        const answer = await this.#needs.api.strips(member, commitment, shape, some, signal);
        for (const strip of answer.strips) {
          if (!some.includes(strip.number)) throw unasked(strip.number);
          checkStrip(strip, shape, head.rowRoot, checker);
          strips.set(strip.number, strip);
        }
      }
    } catch (error) {
      // Who is late only is asked again for the whole.
      if (!signal.aborted) this.#ledger.failed(member, commitment, error);
    }
  }

  #open(segment: BatchSegment, signal: AbortSignal): Promise<Opened> {
    const name = nameOf(segment.commitment);
    const known = this.#opened.get(name);
    const opening = known ?? this.#read(segment, signal);
    this.#opened.delete(name);
    this.#opened.set(name, opening);
    if (known === undefined) opening.catch(() => this.#opened.delete(name));
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > KEPT && oldest !== undefined) this.#opened.delete(oldest);
    return opening;
  }

  async #read({ commitment, shape }: BatchSegment, signal: AbortSignal): Promise<Opened> {
    const { committees, codec } = this.#needs;
    const members = await committees.members(await committees.committeeOf(commitment));
    const head = await this.#readHead(members, { commitment, shape }, signal);
    const checker = await codec.checker(commitment, shape, head.rlc);
    return { members, head, checker, strips: new Map() };
  }

  async #readHead(
    members: readonly CommitteeMember[],
    { commitment, shape }: BatchSegment,
    signal: AbortSignal,
  ): Promise<SegmentHead> {
    const { api, limits } = this.#needs;
    const usable = members.filter((member) => this.#ledger.isUsable(member));
    const rest = members.filter((member) => !this.#ledger.isUsable(member));
    const head = await firstGood(
      [...usable, ...rest],
      limits.hedgeMs,
      signal,
      async (member, either) => {
        const found = await api.head(member, commitment, either);
        checkHead(found, commitment);
        return found;
      },
      (member, error) => this.#ledger.failed(member, commitment, error),
    );
    const name = nameOf(commitment);
    if (head === undefined) {
      const { failures, blamed } = this.#ledger;
      const details = { name, failures, blamed };
      throw new RetryableError(
        "storage/too-few-rows",
        `no member could serve the head of segment ${name}`,
        details,
      );
    }
    const { k, n, rowSize } = head.shape;
    if (k === shape.k && n === shape.n && rowSize === shape.rowSize) return head;
    throw new FatalError(
      "storage/wrong-shape",
      `segment ${name} has another shape than it was said to have`,
      {
        name,
      },
    );
  }
}

function unasked(number: number): FatalError {
  return new FatalError("storage/unasked-strip", `strip ${number} came that was not asked for`, { number });
}
