import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { bytesPaidDown, priceUp } from "../format/readVoucher.ts";

/** What a member asks before it answers; its word. */
export interface ReadBill {
  /** Wei per GiB. */
  readonly price: bigint;
  /** Bytes that it has sent in the session. */
  readonly servedBytes: bigint;
  /** Bytes that it is about to send. */
  readonly answerBytes: bigint;
}

/** One request that is paid for. */
export interface ReadTurn {
  /** Bytes that were agreed to so far. */
  agreed: bigint;
  /** Most bytes that its answer can have. */
  readonly limit: bigint;
}

/** What one member has earned in one session by the reader's own count; it never agrees to more. */
export class ReadAccount {
  readonly #price: bigint;
  readonly #cap: bigint;
  readonly #open = new Set<ReadTurn>();
  /** Bytes of answers that came, or may have been sent. */
  #settled: bigint;
  /** Highest amount agreed to, wei. */
  #amount: bigint;

  /**
   * @param price wei per GiB
   * @param cap most wei that the member can claim
   * @param amount highest amount that was ever signed for it, wei
   */
  constructor(price: bigint, cap: bigint, amount: bigint) {
    this.#price = price;
    this.#cap = cap;
    this.#amount = amount;
    this.#settled = bytesPaidDown(amount, price);
  }

  /** @param expected bytes of the answer, where they are known @param most bytes that are taken */
  begin(expected: number | undefined, most: number): ReadTurn {
    const turn = { agreed: BigInt(expected ?? 0), limit: BigInt(expected ?? most) };
    this.#open.add(turn);
    return turn;
  }

  /** Amount for what has come, what is on its way and this answer, wei. @throws RetryableError storage/budget-exhausted */
  amount(): bigint {
    return this.#raise(priceUp(this.#settled + this.#sum("agreed"), this.#price));
  }

  /**
   * Amount that a bill asks for, wei.
   * @throws FatalError storage/overcharged when it is for more than was asked for
   * @throws RetryableError storage/budget-exhausted
   */
  accept(turn: ReadTurn, { price, servedBytes, answerBytes }: ReadBill): bigint {
    const due = priceUp(servedBytes + answerBytes, this.#price);
    const most = priceUp(this.#settled + this.#sum("limit"), this.#price);
    if (price !== this.#price) throw overcharged(`asks ${price} wei a GiB, the session pays ${this.#price}`);
    if (answerBytes > turn.limit)
      throw overcharged(`wants ${answerBytes} bytes paid for an answer of ${turn.limit} at most`);
    if (due > most) throw overcharged(`asks ${due} wei, and can have earned ${most} with this answer`);
    turn.agreed = answerBytes;
    return this.#raise(due);
  }

  /** Ends a turn. @param bytes of the answer; all that it may have been when nobody knows whether it was sent */
  end(turn: ReadTurn, bytes: bigint = turn.limit): void {
    this.#open.delete(turn);
    this.#settled += bytes;
  }

  #raise(amount: bigint): bigint {
    if (amount <= this.#amount) return this.#amount;
    if (amount > this.#cap) throw exhausted(this.#cap);
    this.#amount = amount;
    return amount;
  }

  #sum(what: "agreed" | "limit"): bigint {
    let sum = 0n;
    for (const turn of this.#open) sum += turn[what];
    return sum;
  }
}

/** Fatal, so that the member is blamed and others are asked. */
function overcharged(text: string): FatalError {
  return new FatalError("storage/overcharged", `the member ${text}`);
}

/** Retryable, so that nobody is blamed: others may have something left. */
function exhausted(cap: bigint): RetryableError {
  return new RetryableError(
    "storage/budget-exhausted",
    `the read session's part for this member, ${cap} wei, is spent; open another session with a larger budget`,
    { cap },
  );
}
