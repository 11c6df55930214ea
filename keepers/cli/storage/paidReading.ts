import { formatEther } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import type { Codec } from "../../coding/codec.ts";
import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import { balanceOf } from "../../storage/chain/allowance.ts";
import { contractAddress } from "../../storage/chain/committeeView.ts";
import { createCommitteeCount } from "../../storage/chain/rendezvous.ts";
import { createStorageClient } from "../../storage/client.ts";
import type { Person } from "../person.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { type ClosedSession, type OpenSession, SessionBook } from "./sessionBook.ts";
import type { OpenOrder } from "./sessionOrders.ts";
import { describeClosed, describeOpen } from "./sessions.ts";

/** A session that ends sooner is not gone on with, seconds. */
const LEAST_LEFT_SECONDS = 1_800;

export interface PaidReadingRequest {
  readonly codec: Codec;
  /** 0x-hex. */
  readonly objectRoot: string;
  /** Most to lock, wei. */
  readonly pay: bigint;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What a reading has cost. */
export interface Payment {
  /** Wei that members can claim for this reading. */
  readonly paid: bigint;
  /** Sessions that it was paid out of; none when nobody wanted to be paid. */
  readonly sessions: readonly OpenSession[];
  /** Sessions of earlier readings that were closed now. */
  readonly closed: readonly ClosedSession[];
}

interface Opening {
  readonly order: OpenOrder;
  /** Wei that were signed in it before this reading. */
  readonly signedBefore: bigint;
}

/** Pays for one reading: opens sessions, or goes on with those that an earlier reading of the object has left. */
export class PaidReading {
  readonly #request: PaidReadingRequest;
  readonly #book: SessionBook;
  readonly #closed: readonly ClosedSession[];
  /** Most for one committee, wei. */
  readonly #share: bigint;
  /** By committee. */
  readonly #usable: ReadonlyMap<number, OpenOrder>;
  /** By committee. */
  readonly #openings = new Map<number, Promise<Opening>>();

  private constructor(
    request: PaidReadingRequest,
    book: SessionBook,
    closed: readonly ClosedSession[],
    { share, usable }: { share: bigint; usable: ReadonlyMap<number, OpenOrder> },
  ) {
    this.#request = request;
    this.#book = book;
    this.#closed = closed;
    this.#share = share;
    this.#usable = usable;
  }

  /**
   * Settles what earlier readings have left, and makes sure that the money is there.
   * @throws FatalError storage/not-deployed, cli/too-little-money
   */
  static async begin(person: Person, request: PaidReadingRequest): Promise<PaidReading> {
    const { provider, deployment, transactions } = person;
    const { codec, objectRoot, pay, output, signal } = request;
    contractAddress(deployment, "ReadSessions");
    const book = new SessionBook(person, createStorageClient({ ...person, codec }));
    const { closed, open } = await book.settle(signal);
    for (const session of closed) output.note(describeClosed(session));
    const count = Math.max(1, await createCommitteeCount(provider, deployment)());
    const share = pay / BigInt(count);
    if (share === 0n) throw new UsageError(`${formatEther(pay)} MYC are too little for ${count} committees`);
    const usable = usableOf(open, objectRoot, share);
    const others = open.filter(({ committee, key }) => usable.get(committee)?.key !== key);
    if (others.length > 0)
      output.note(
        `earlier read sessions that are still open: ${others.map((other) => other.open.id).join(", ")}; "mycelia storage sessions" shows them`,
      );
    const token = await IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider).token();
    const balance = await balanceOf(provider, token, transactions.address);
    const needed = share * BigInt(count - usable.size);
    if (balance < needed) throw tooLittle(needed, balance, transactions.address);
    return new PaidReading(request, book, closed, { share, usable });
  }

  /** The session that pays a committee's members; one is opened once a member wants to be paid. */
  async sessionFor(committee: number): Promise<bigint> {
    const opening = this.#openings.get(committee) ?? this.#open(committee);
    this.#openings.set(committee, opening);
    return (await opening).order.open.id;
  }

  async payment(): Promise<Payment> {
    const sessions: OpenSession[] = [];
    let paid = 0n;
    for (const { order, signedBefore } of (await this.#outcome()).opened) {
      const session = await this.#book.stateOf(order);
      sessions.push(session);
      paid += session.signed - signedBefore;
    }
    return { paid, sessions, closed: this.#closed };
  }

  /** What to tell of a reading that has failed; says what became of the money. */
  async failureOf(error: unknown): Promise<unknown> {
    const { output, signal } = this.#request;
    const { opened, refusal } = await this.#outcome();
    const now = BigInt(Math.floor(Date.now() / 1_000));
    const isSpent = hasFailure(error, "storage/budget-exhausted");
    const hasEnded = opened.some(({ order }) => order.open.expiresAt <= now);
    const sessions: OpenSession[] = [];
    for (const { order } of opened) {
      if (isSpent) await this.#book.spend(order);
      sessions.push(await this.#book.stateOf(order));
    }
    for (const session of sessions) output.note(describeOpen(session));
    if (signal.aborted && this.#openings.size > 0)
      output.note("cut off: the same command goes on with what was locked");
    if (signal.aborted) return error;
    if (refusal !== undefined) return refusal;
    const details = { ...(error instanceof MyceliaError ? error.details : {}), sessions };
    if (isSpent) return spent(this.#request.pay, details, error);
    return hasEnded ? ended(details, error) : error;
  }

  /** Sessions that are open, once nobody waits for one any more, and why one could not be opened. */
  async #outcome(): Promise<{ readonly opened: readonly Opening[]; readonly refusal: unknown }> {
    const settled = await Promise.allSettled(this.#openings.values());
    const opened = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const refusals: unknown[] = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    return { opened, refusal: refusals[0] };
  }

  async #open(committee: number): Promise<Opening> {
    const { objectRoot, output, signal } = this.#request;
    const usable = this.#usable.get(committee);
    if (usable !== undefined) {
      const { session, budget, signed } = await this.#book.stateOf(usable);
      output.note(
        `going on with read session ${session} of an earlier get: ${formatEther(signed)} of ${formatEther(budget)} MYC are signed for`,
      );
      return { order: usable, signedBefore: signed };
    }
    const order = await this.#book.open({ objectRoot, committee, budget: this.#share }, signal);
    output.note(`read session ${order.open.id} opened: ${formatEther(order.budget)} MYC are locked`);
    return { order, signedBefore: 0n };
  }
}

/** Sessions that a reading of the object can go on with, the largest of each committee. */
function usableOf(
  open: readonly OpenOrder[],
  objectRoot: string,
  share: bigint,
): ReadonlyMap<number, OpenOrder> {
  const until = BigInt(Math.floor(Date.now() / 1_000) + LEAST_LEFT_SECONDS);
  const usable = new Map<number, OpenOrder>();
  for (const order of open) {
    if (order.objectRoot !== objectRoot || order.spent) continue;
    if (order.budget > share || order.open.expiresAt < until) continue;
    if (order.budget > (usable.get(order.committee)?.budget ?? 0n)) usable.set(order.committee, order);
  }
  return usable;
}

function hasFailure(error: unknown, code: string): boolean {
  if (!(error instanceof MyceliaError)) return false;
  const { failures } = error.details;
  return Array.isArray(failures) && failures.some((failure) => failure?.code === code);
}

function tooLittle(needed: bigint, balance: bigint, address: string): FatalError {
  const [wanted, has] = [formatEther(needed), formatEther(balance)];
  return new FatalError(
    "cli/too-little-money",
    `--pay would lock ${wanted} MYC, and ${address} has ${has}: name less, or get more`,
    { needed, balance, address },
  );
}

function spent(pay: bigint, details: Record<string, unknown>, cause: unknown): FatalError {
  return new FatalError(
    "storage/budget-exhausted",
    `--pay ${formatEther(pay)} is too little, and the object is not read: run it again with more. Each member can be paid its slots' part of it alone, and what is left comes back`,
    details,
    cause,
  );
}

function ended(details: Record<string, unknown>, cause: unknown): FatalError {
  return new FatalError(
    "cli/session-ended",
    "the read session has ended before the object was read: run it again, which opens another; --range reads a large object in parts",
    details,
    cause,
  );
}
