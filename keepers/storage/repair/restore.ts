import type { RowChecker } from "../../coding/codec.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { isNotFound } from "../client/readingLedger.ts";
import { parseName } from "../format/names.ts";
import type { PackTable } from "../format/packStrips.ts";
import { elementsOf, originalStrips, setOf } from "../format/placement.ts";
import {
  checkHead,
  encodeHead,
  parseHead,
  type SegmentHead,
  stripsPerAnswer,
} from "../format/segmentFormat.ts";
import { checkStrip, rowsOf, type Strip, stripBytes, stripOf } from "../format/stripFormat.ts";
import { marginLabel } from "./metrics.ts";
import { findPackTable, tableOf } from "./packTable.ts";
import { noteFailure, type RestoreParts } from "./parts.ts";
import { type Errand, planSegment, type RepairStep, type SegmentNeed } from "./planner.ts";

/** What repairing one segment came to. */
export interface Restored {
  readonly copied: number;
  readonly rebuilt: number;
  /** Strips that are still missing. */
  readonly left: bigint;
}

/**
 * Brings the missing strips of one segment back and makes them durable: copies, or one decode for all of them. Every strip is
 * checked; who fails or lies is replaced as long as others can.
 * @param batch that pays for the segment
 * @throws RetryableError storage/too-few-rows; FatalError storage/miscoded when its writer coded wrongly, so that what is
 * missing can only be copied; what storing throws
 */
export async function restoreSegment(
  parts: RestoreParts,
  members: ReadonlyMap<number, CommitteeMember>,
  step: RepairStep,
  batch: bigint,
  signal: AbortSignal,
): Promise<Restored> {
  const restore = new Restore(parts, members, step.need, signal);
  const restored = await restore.run(batch);
  parts.metrics.segments.inc({ margin: marginLabel(step.margin) });
  return restored;
}

class Restore {
  readonly #parts: RestoreParts;
  readonly #members: ReadonlyMap<number, CommitteeMember>;
  readonly #signal: AbortSignal;
  readonly #need: SegmentNeed;
  readonly #commitment: Uint8Array;
  readonly #holders: Map<number, bigint>;
  readonly #fetched = new Map<number, Strip>();
  readonly #own = new Map<number, Strip>();
  #ownSet: bigint;
  /** What it packs, where a decode has shown it. */
  #table: PackTable | undefined;

  constructor(
    parts: RestoreParts,
    members: ReadonlyMap<number, CommitteeMember>,
    need: SegmentNeed,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#members = members;
    this.#signal = signal;
    this.#need = need;
    this.#commitment = parseName(need.name);
    this.#holders = new Map(need.holders);
    this.#ownSet = need.own;
  }

  async run(batch: bigint): Promise<Restored> {
    const head = await this.#head();
    const checker = await this.#parts.codec.checker(this.#commitment, this.#need.shape, head.rlc);
    for (let step = this.#plan(); step !== undefined; step = this.#plan()) {
      if (step.rebuild !== 0n) await this.#readOwn();
      if (step.errands.length === 0 && this.#rows().size >= originalStrips(this.#need.shape)) break;
      if (step.errands.length === 0 && step.rebuild === 0n) break;
      await Promise.all(step.errands.map((errand) => this.#run(errand, head, checker)));
      this.#signal.throwIfAborted();
    }
    const restored = await this.#finish(head, batch);
    await this.#index(head, checker);
    return restored;
  }

  /** What to do next, given what has come and who has failed. */
  #plan(): RepairStep | undefined {
    const fetched = setOf(this.#fetched.keys());
    const holders = new Map([...this.#holders].map(([seat, set]) => [seat, set & ~fetched]));
    const own = this.#ownSet | fetched;
    return planSegment({ ...this.#need, own, missing: this.#need.missing & ~fetched, holders });
  }

  async #finish(head: SegmentHead, batch: bigint): Promise<Restored> {
    const { missing, shape } = this.#need;
    const copies = [...this.#fetched.values()].filter(({ number }) => has(missing, number));
    const left = missing & ~setOf(copies.map(({ number }) => number));
    const canDecode = left !== 0n && this.#rows().size >= originalStrips(shape);
    const rebuilt = canDecode ? await this.#decode(left) : [];
    for (const strip of rebuilt) this.#own.set(strip.number, strip);
    if (copies.length + rebuilt.length === 0) throw this.#tooFew();
    const strips = [...copies, ...rebuilt].sort((a, b) => a.number - b.number);
    const { segments, self, metrics } = this.#parts;
    await segments.putStrips(this.#commitment, self, { head, headBytes: encodeHead(head), strips }, batch);
    metrics.copied.inc(copies.length);
    metrics.rebuilt.inc(rebuilt.length);
    metrics.restored.inc(strips.reduce((sum, { rows }) => sum + rows.length, 0));
    return { copied: copies.length, rebuilt: rebuilt.length, left: rebuilt.length > 0 ? 0n : left };
  }

  /** Codes the segment anew out of the strips at hand and takes the missing ones. */
  async #decode(left: bigint): Promise<Strip[]> {
    const codec = await this.#parts.openDecoder();
    const { shape, name } = this.#need;
    const rows = new Map([...this.#rows().values()].flatMap((strip) => [...rowsOf(strip, shape)]));
    const data = await codec.rebuild(shape, rows, this.#signal);
    const coded = await codec.encode(data, shape, this.#signal);
    try {
      if (Buffer.compare(coded.commitment, this.#commitment) === 0) {
        const found = tableOf(data, shape);
        this.#table = found && { ...found, table: Uint8Array.from(found.table) };
        return elementsOf(left).map((number) => stripOf(coded, number));
      }
    } finally {
      coded.release();
    }
    throw new FatalError(
      "storage/miscoded",
      `segment ${name} was coded wrongly by its writer: rows that are lost can't be made again`,
      { name },
    );
  }

  #rows(): Map<number, Strip> {
    return new Map([...this.#own, ...this.#fetched]);
  }

  /** Own strips count only as far as the disk gives them back. */
  async #readOwn(): Promise<void> {
    if (this.#ownSet === 0n || this.#own.size > 0) return;
    const strips = await this.#parts.segments.strips(this.#commitment, elementsOf(this.#ownSet));
    for (const strip of strips) this.#own.set(strip.number, strip);
    this.#ownSet = setOf(this.#own.keys());
  }

  async #run({ seat, strips }: Errand, head: SegmentHead, checker: RowChecker): Promise<void> {
    const most = stripsPerAnswer(this.#need.shape);
    const numbers = elementsOf(strips);
    try {
      for (let at = 0; at < numbers.length; at += most)
        await this.#fetch(seat, numbers.slice(at, at + most), head, checker);
      this.#parts.book.answered(this.#members.get(seat)!);
    } catch (error) {
      this.#fail(seat, error);
    }
  }

  async #fetch(seat: number, numbers: number[], head: SegmentHead, checker: RowChecker): Promise<void> {
    const { api, bucket, metrics } = this.#parts;
    const member = this.#members.get(seat)!;
    const { shape } = this.#need;
    await bucket.take(numbers.length * stripBytes(shape), this.#signal);
    const answer = await api.strips(member, this.#commitment, shape, numbers, this.#signal);
    metrics.fetched.inc(answer.strips.length * stripBytes(shape));
    for (const strip of answer.strips) {
      if (!numbers.includes(strip.number)) throw unasked(strip.number);
      checkStrip(strip, shape, head.rowRoot, checker);
      this.#fetched.set(strip.number, strip);
    }
    // What was asked for and has not come will not come from there.
    this.#holders.set(seat, (this.#holders.get(seat) ?? 0n) & ~setOf(numbers));
  }

  #fail(seat: number, error: unknown): void {
    if (this.#signal.aborted) return;
    this.#holders.delete(seat);
    if (isNotFound(error)) return;
    noteFailure(this.#parts, this.#members.get(seat)!, this.#need.name, error);
  }

  /** Lets readers find here what the segment packs, if it is a pack. */
  async #index(head: SegmentHead, checker: RowChecker): Promise<void> {
    const { segments } = this.#parts;
    if ((await segments.index.segment(this.#need.name))?.pack !== undefined) return;
    const found =
      this.#table ??
      (await findPackTable(this.#need.shape, async (number) => {
        const here = this.#rows().get(number);
        if (here !== undefined) return here;
        const [own] = await segments.strips(this.#commitment, [number]);
        return own ?? (await this.#bring(number, head, checker));
      }));
    if (found !== undefined) await segments.putPack(this.#commitment, found.table, found.entries);
  }

  /** One strip from whoever has it. */
  async #bring(number: number, head: SegmentHead, checker: RowChecker): Promise<Strip | undefined> {
    for (const [seat, strips] of this.#holders) {
      if (!has(strips, number)) continue;
      await this.#run({ seat, strips: 1n << BigInt(number) }, head, checker);
      const strip = this.#fetched.get(number);
      if (strip !== undefined) return strip;
    }
    return undefined;
  }

  /** The head from own disk, else from whoever holds strips. */
  async #head(): Promise<SegmentHead> {
    const known = await this.#parts.segments.head(this.#commitment);
    if (known !== undefined) return parseHead(known);
    for (const seat of [...this.#holders.keys()]) {
      const member = this.#members.get(seat);
      if (member === undefined) continue;
      try {
        const head = await this.#parts.api.head(member, this.#commitment, this.#signal);
        await checkHead(this.#parts.codec, head, this.#commitment);
        checkShape(head, this.#need);
        this.#parts.metrics.fetched.inc(encodeHead(head).length);
        return head;
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#fail(seat, error);
      }
    }
    throw this.#tooFew();
  }

  #tooFew(): RetryableError {
    const { name } = this.#need;
    return new RetryableError(
      "storage/too-few-rows",
      `too few rows of segment ${name} could be had to repair it`,
      { name },
    );
  }
}

function has(set: bigint, number: number): boolean {
  return ((set >> BigInt(number)) & 1n) === 1n;
}

function checkShape({ shape }: SegmentHead, need: SegmentNeed): void {
  const { k, n, rowSize } = need.shape;
  if (shape.k === k && shape.n === n && shape.rowSize === rowSize) return;
  throw new FatalError("storage/wrong-head", "the head has another shape than the batch says", {
    name: need.name,
  });
}

function unasked(number: number): FatalError {
  return new FatalError("storage/unasked-strip", `strip ${number} came that was not asked for`, { number });
}
