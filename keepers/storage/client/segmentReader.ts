import type { Codec, RowChecker, Shape } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { concatBytes } from "../../runtime/platform/bytes.ts";
import type { CommitteeBook } from "../chain/committeeBook.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { BatchSegment } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { elementsOf, originalStrips, rowsPerStrip, setOf, slotOfStrip } from "../format/placement.ts";
import { checkHead, type SegmentHead, stripsPerAnswer } from "../format/segmentFormat.ts";
import { checkStrip } from "../format/stripFormat.ts";
import type { ClientLimits } from "./clientTypes.ts";
import { firstGood } from "./hedge.ts";
import type { MemberApi } from "./memberApi.ts";
import type { ReadingLedger } from "./readingLedger.ts";
import { type OpenedSegment, SegmentShelf, type WholeSegment } from "./segmentShelf.ts";
import { readWhole } from "./wholeSegment.ts";

export interface SegmentReaderNeeds {
  readonly codec: Codec;
  readonly api: MemberApi;
  readonly limits: ClientLimits;
  readonly committees: CommitteeBook;
}

/** One act of reading: where what happens is noted, and when it ends. */
export interface Reading {
  readonly ledger: ReadingLedger;
  readonly signal: AbortSignal;
}

/** Four whole segments, or the strips of many. */
const DEFAULT_KEPT_BYTES = 16 * 1024 * 1024;

/** Reads segments, or parts of them, from whoever holds their rows; every row is checked. */
export class SegmentReader {
  readonly #needs: SegmentReaderNeeds;
  readonly #shelf: SegmentShelf;

  /** @param keptBytes most that is kept of what was read, so that it needn't be fetched again */
  constructor(needs: SegmentReaderNeeds, keptBytes = DEFAULT_KEPT_BYTES) {
    this.#needs = needs;
    this.#shelf = new SegmentShelf(keptBytes);
  }

  /** What is at hand of a segment. */
  kept(segment: BatchSegment): "nothing" | "some" | "all" {
    const opened = this.#shelf.find(segment);
    if (opened === undefined) return "nothing";
    return opened.whole === undefined ? "some" : "all";
  }

  /**
   * All bytes of a segment, with the zeros behind its end; they are coded again and compared with the commitment.
   * @param keep whether more of it will be read soon; then the answer is not to be written to
   * @throws RetryableError storage/too-few-rows; FatalError storage/wrong-shape
   */
  async whole(segment: BatchSegment, reading: Reading, keep = false): Promise<Uint8Array> {
    const known = this.#shelf.find(segment)?.whole;
    const whole = known ?? (await this.#rebuild(segment, reading, keep));
    if (!whole.consistent) reading.ledger.miscoded(segment.commitment);
    return known === undefined ? whole.data : whole.data.slice();
  }

  /**
   * Bytes `from` to `to` of a segment. Where few original strips hold them only those are fetched, and only where one of
   * them can't be had the segment is rebuilt. Every row is checked, but rows that are not fetched can't show that the
   * writer coded wrongly.
   * @throws as `whole`
   */
  async part(segment: BatchSegment, from: number, to: number, reading: Reading): Promise<Uint8Array> {
    if (this.kept(segment) !== "all") {
      const perStrip = rowsPerStrip(segment.shape) * segment.shape.rowSize;
      const [first, last] = [Math.floor(from / perStrip), Math.ceil(to / perStrip) - 1];
      if (2 * (last - first + 1) <= originalStrips(segment.shape)) {
        const run = await this.#run(segment, first, last, reading);
        if (run !== undefined) return run.subarray(from - first * perStrip, to - first * perStrip);
      }
    }
    const { data, consistent } =
      this.#shelf.find(segment)?.whole ?? (await this.#rebuild(segment, reading, true));
    if (!consistent) reading.ledger.miscoded(segment.commitment);
    return data.slice(from, to);
  }

  async #rebuild(segment: BatchSegment, reading: Reading, keep: boolean): Promise<WholeSegment> {
    const opened = await this.#open(segment, reading, keep);
    const members = await this.#needs.committees.holders(segment.commitment);
    const whole = await readWhole({ ...this.#needs, ...reading, members }, segment, opened);
    if (!keep) return whole;
    opened.strips.clear();
    opened.whole = whole;
    this.#shelf.keep(segment, opened);
    return whole;
  }

  /** The bytes of some original strips, from their owners; undefined when one of them doesn't bring its own in time. */
  async #run(
    segment: BatchSegment,
    first: number,
    last: number,
    reading: Reading,
  ): Promise<Uint8Array | undefined> {
    const opened = await this.#open(segment, reading, true);
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const missing = setOf(numbers.filter((number) => !opened.strips.has(number)));
    if (missing !== 0n) {
      const members = await this.#needs.committees.holders(segment.commitment);
      const late = AbortSignal.timeout(this.#needs.limits.hedgeMs);
      const bounded = { ...reading, signal: AbortSignal.any([reading.signal, late]) };
      await Promise.all(members.map((member) => this.#bring(segment, opened, member, missing, bounded)));
      reading.signal.throwIfAborted();
      this.#shelf.keep(segment, opened);
    }
    const strips = numbers.map((number) => opened.strips.get(number));
    return strips.every((strip) => strip !== undefined)
      ? concatBytes(strips.map(({ rows }) => rows))
      : undefined;
  }

  /** Takes a member's own out of the missing strips; notes why where that fails. */
  async #bring(
    { commitment, shape }: BatchSegment,
    { head, checker, strips }: OpenedSegment,
    member: CommitteeMember,
    missing: bigint,
    { ledger, signal }: Reading,
  ): Promise<void> {
    const own = elementsOf(missing).filter(
      (number) => ((member.slots >> BigInt(slotOfStrip(number, commitment))) & 1n) === 1n,
    );
    if (own.length === 0 || !ledger.isUsable(member)) return;
    const most = stripsPerAnswer(shape);
    const rowChecker = await checker();
    try {
      for (let at = 0; at < own.length; at += most) {
        const some = own.slice(at, at + most);
        const answer = await this.#needs.api.strips(member, commitment, shape, some, signal);
        for (const strip of answer.strips) {
          if (!some.includes(strip.number)) throw unasked(strip.number);
          checkStrip(strip, shape, head.rowRoot, rowChecker);
          strips.set(strip.number, strip);
        }
      }
    } catch (error) {
      // Who is only late is asked again for the whole.
      if (!signal.aborted) ledger.failed(member, commitment, error);
    }
  }

  /** @param keep whether more than this one reading is to come */
  async #open(segment: BatchSegment, reading: Reading, keep: boolean): Promise<OpenedSegment> {
    const known = this.#shelf.find(segment);
    if (known !== undefined) return known;
    const { commitment, shape } = segment;
    const head = await this.#readHead(segment, reading);
    let checker: Promise<RowChecker> | undefined;
    const makeChecker = () => (checker ??= this.#needs.codec.checker(commitment, shape, head.rlc));
    const opened = { head, checker: makeChecker, strips: new Map() };
    if (keep) this.#shelf.keep(segment, opened);
    return opened;
  }

  /** A head proves itself but for its shape: one of another shape than was said is left for one that fits. */
  async #readHead({ commitment, shape }: BatchSegment, { ledger, signal }: Reading): Promise<SegmentHead> {
    const { api, codec, limits, committees } = this.#needs;
    const members = await committees.holders(commitment);
    const usable = members.filter((member) => ledger.isUsable(member));
    const rest = members.filter((member) => !ledger.isUsable(member));
    let other: Shape | undefined;
    const head = await firstGood(
      [...usable, ...rest],
      limits.hedgeMs,
      signal,
      async (member, either) => {
        const found = await api.head(member, commitment, either);
        await checkHead(codec, found, commitment);
        if (sameShape(found.shape, shape)) return found;
        other = found.shape;
        throw wrongShape(commitment, shape, found.shape);
      },
      (member, error) => ledger.failed(member, commitment, error),
    );
    if (head !== undefined) return head;
    if (other !== undefined) throw fatalShape(commitment, shape, other);
    throw tooFew(commitment, ledger);
  }
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.k === b.k && a.n === b.n && a.rowSize === b.rowSize;
}

function unasked(number: number): FatalError {
  return new FatalError("storage/unasked-strip", `strip ${number} came that was not asked for`, { number });
}

function shapeText({ k, n, rowSize }: Shape): string {
  return `${k} + ${n} rows of ${rowSize} bytes`;
}

/** Retryable: whether the member or whoever told the shape is wrong can't be seen, so nobody is blamed. */
function wrongShape(commitment: Uint8Array, told: Shape, found: Shape): RetryableError {
  return new RetryableError(
    "storage/wrong-shape",
    `segment ${nameOf(commitment)} has ${shapeText(found)} here, not ${shapeText(told)}`,
  );
}

function fatalShape(commitment: Uint8Array, told: Shape, found: Shape): FatalError {
  const name = nameOf(commitment);
  return new FatalError(
    "storage/wrong-shape",
    `segment ${name} has ${shapeText(found)}, not ${shapeText(told)} as whoever named it says`,
    { name, found, told },
  );
}

function tooFew(commitment: Uint8Array, { failures, blamed }: ReadingLedger): RetryableError {
  const name = nameOf(commitment);
  const details = { name, failures, blamed };
  return new RetryableError(
    "storage/too-few-rows",
    `no member could serve the head of segment ${name}`,
    details,
  );
}
