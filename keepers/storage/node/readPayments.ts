import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { chainTime } from "../../runtime/chain/time.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import { capDown, payableSeat, type ReadSession, readSession } from "../chain/readSessions.ts";
import type { PaidReads } from "../disk/paidReads.ts";
import { type CarriedVoucher, priceUp, signerOfVoucher, type VoucherScope } from "../format/readVoucher.ts";

export interface ReadPaymentsNeeds {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly scope: VoucherScope;
  /** Who is paid. */
  readonly operator: string;
  readonly book: PaidReads;
  /** How long the chain's word on time and seats is believed, milliseconds. */
  readonly ttlMs?: number;
}

/** A request that is paid for: what its answer may be charged to. */
export interface Payer {
  readonly session: ReadSession;
  readonly seat: number;
  readonly cap: bigint;
  readonly voucher: CarriedVoucher;
}

interface KnownSession extends Pick<Payer, "session" | "seat" | "cap"> {
  /** `performance.now()` of the reading. */
  readonly at: number;
  /** Chain time then, seconds. */
  readonly time: bigint;
}

const DEFAULT_TTL_MS = 5_000;
const KEPT_SESSIONS = 1_024;

/** Takes vouchers for what a node sends: each answer is paid for before it leaves. */
export class ReadPayments {
  readonly #needs: ReadPaymentsNeeds;
  readonly #turns = new KeyedLock();
  readonly #known = new Map<bigint, KnownSession>();

  constructor(needs: ReadPaymentsNeeds) {
    this.#needs = needs;
  }

  /**
   * Judges a voucher, whatever it is charged with later.
   * @param reader who signed the request, lower case: vouchers can be seen on the chain, so only their signer may use them
   * @throws FatalError storage/unknown-session, storage/voucher-refused with the reason
   */
  async admit(reader: string, voucher: CarriedVoucher): Promise<Payer> {
    const { operator, scope } = this.#needs;
    const { session, seat, cap, time, at } = await this.#session(voucher.session);
    const now = time + BigInt(Math.floor((performance.now() - at) / 1_000));
    if (session.expiresAt <= now) throw refusal(session.id, "expired", `ended at ${session.expiresAt}`);
    if (seat === 0)
      throw refusal(
        session.id,
        "not-seated",
        `can't pay ${operator}: it was not seated when that was opened`,
      );
    if (session.signer !== reader)
      throw refusal(session.id, "wrong-reader", `is for requests signed by ${session.signer}, not ${reader}`);
    const newest = await this.#needs.book.find(session.id);
    const isKnown = newest?.amount === voucher.amount && newest.signature === voucher.signature;
    if (!isKnown && signerOfVoucher(scope, voucher, operator) !== session.signer)
      throw refusal(
        session.id,
        "wrong-signature",
        `has no voucher of ${voucher.amount} wei by ${session.signer} for ${operator}`,
      );
    if (voucher.amount > cap) throw exhausted(session.id, voucher.amount, cap);
    return { session, seat, cap, voucher };
  }

  /**
   * Charges an answer, durably; once this resolves the answer may be sent.
   * @throws FatalError storage/payment-required, storage/budget-exhausted
   */
  async charge(payer: Payer, bytes: number): Promise<void> {
    const { session, seat, cap, voucher } = payer;
    const { book, operator } = this.#needs;
    await this.#turns.run(session.id.toString(), async () => {
      const kept = await book.find(session.id);
      const before = kept?.served ?? 0n;
      const served = before + BigInt(bytes);
      const due = priceUp(served, session.price);
      if (due > cap) throw exhausted(session.id, due, cap);
      // Answers may overtake each other: the newest voucher speaks for all.
      const newest = kept !== undefined && kept.amount >= voucher.amount ? kept : voucher;
      if (newest.amount < due) {
        throw new FatalError(
          "storage/payment-required",
          `session ${session.id} owes ${due} wei with this answer, its newest voucher says ${newest.amount}; sign a higher one`,
          {
            ...{ session: session.id.toString(), operator, price: session.price.toString() },
            ...{ servedBytes: Number(before), answerBytes: bytes, amountNeeded: due.toString() },
          },
        );
      }
      const { amount, signature } = newest;
      await book.put({ session, seat, cap, served, amount, signature });
    });
  }

  async #session(id: bigint): Promise<KnownSession> {
    const { provider, deployment, operator, ttlMs = DEFAULT_TTL_MS } = this.#needs;
    const known = this.#known.get(id);
    if (known !== undefined && performance.now() - known.at < ttlMs) return known;
    try {
      // What a session was opened with never changes; who sits where does.
      const session = known?.session ?? (await readSession(provider, deployment, id));
      const seat = await payableSeat(provider, deployment, session, operator);
      const time = await chainTime(provider);
      const fresh = { session, seat, cap: capDown(session, seat), time, at: performance.now() };
      this.#known.delete(id);
      this.#known.set(id, fresh);
      if (this.#known.size > KEPT_SESSIONS) this.#known.delete(this.#known.keys().next().value!);
      return fresh;
    } catch (cause) {
      if (cause instanceof FatalError) throw cause;
      throw new RetryableError(
        "storage/chain-unreachable",
        `the chain does not say now what read session ${id} pays; try again`,
        { session: id.toString() },
        cause,
      );
    }
  }
}

function refusal(id: bigint, reason: string, text: string): FatalError {
  return new FatalError("storage/voucher-refused", `read session ${id} ${text}`, {
    session: id.toString(),
    reason,
  });
}

function exhausted(id: bigint, due: bigint, cap: bigint): FatalError {
  return new FatalError(
    "storage/budget-exhausted",
    `read session ${id} leaves ${cap} wei for this member, and ${due} wei are asked of it; open another session`,
    { session: id.toString(), cap: cap.toString(), due: due.toString() },
  );
}
