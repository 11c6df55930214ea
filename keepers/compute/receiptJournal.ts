import { hexlify } from "ethers";
import { MountainRange } from "../coding/mountainRange.ts";
import { FatalError } from "../runtime/errors.ts";
import { createRecords, plainFormat, type Records } from "../runtime/store/records.ts";
import type { Store, StoreWrite } from "../runtime/store/store.ts";
import { type Market, receiptDigest, receiptLeaf, type SignedReceipt } from "./receipts.ts";

/** One exchange of a session, with the sums after it. */
export interface JournalEntry extends SignedReceipt {
  readonly requestDigest: string;
  readonly responseDigest: string;
  /** EIP-712 digest of the receipt. */
  readonly digest: string;
  /** Cumulative, this receipt included. */
  readonly amountAfter: bigint;
  readonly unitsAfter: bigint;
  readonly rootAfter: string;
}

/** Amount, units and root over the first `receipts` receipts. */
export interface JournalSums {
  readonly receipts: bigint;
  readonly amount: bigint;
  readonly units: bigint;
  readonly root: string;
}

export interface ProvenReceipt {
  readonly entry: JournalEntry;
  /** Inclusion under the root over the first `count` receipts, bottom to top. */
  readonly proof: string[];
}

/**
 * The receipts of one session and their mountain range, kept by both sides. It is a safety store: for one index there is
 * never a second receipt, whoever asks and whatever crashed.
 */
export class ReceiptJournal {
  readonly #market: Market;
  readonly #records: Records<JournalEntry>;
  #range = new MountainRange();
  #sums: JournalSums = NOTHING;
  #stale = false;

  private constructor(market: Market, records: Records<JournalEntry>) {
    this.#market = market;
    this.#records = records;
  }

  /** @throws FatalError compute/journal-corrupt when the records do not add up to their sums */
  static async open(store: Store, market: Market, session: bigint): Promise<ReceiptJournal> {
    const records = createRecords<JournalEntry>(store, `receipts/${padded(session)}/`, plainFormat());
    const journal = new ReceiptJournal(market, records);
    for await (const [, entry] of records.scan()) {
      journal.#range.append(receiptLeaf(entry.digest));
      journal.#sums = sumsOf(entry);
      const whole = journal.sums.root === hexlify(journal.#range.root());
      if (!whole || entry.receipt.index !== journal.sums.receipts - 1n)
        throw corrupt(session, entry.receipt.index);
    }
    return journal;
  }

  /** What stands in the journal now. */
  get sums(): JournalSums {
    return this.#sums;
  }

  /** True once another process has written: open the journal again. */
  get isStale(): boolean {
    return this.#stale;
  }

  entry(index: bigint): Promise<JournalEntry | undefined> {
    return this.#records.get(padded(index));
  }

  /** Sums over the first `receipts` receipts; undefined when there are fewer. */
  async sumsAt(receipts: bigint): Promise<JournalSums | undefined> {
    if (receipts === 0n) return NOTHING;
    const entry = await this.entry(receipts - 1n);
    return entry === undefined ? undefined : sumsOf(entry);
  }

  /**
   * Adds the receipt with the next index; durable when it resolves, together with `also`.
   * @returns false, and the journal is stale, when somebody else has written that index
   */
  async append(
    signed: SignedReceipt,
    requestDigest: string,
    responseDigest: string,
    also: readonly StoreWrite[] = [],
  ): Promise<boolean> {
    const { receipt, salt, signature } = signed;
    if (this.#stale || receipt.index !== this.#sums.receipts) return false;
    const digest = receiptDigest(this.#market, receipt);
    this.#range.append(receiptLeaf(digest));
    const entry: JournalEntry = {
      ...{ receipt, salt, signature, requestDigest, responseDigest, digest },
      amountAfter: this.#sums.amount + receipt.price,
      unitsAfter: this.#sums.units + receipt.unitsIn,
      rootAfter: hexlify(this.#range.root()),
    };
    this.#stale = true;
    if (!(await this.#records.putIfAbsent(padded(receipt.index), entry, also))) return false;
    this.#stale = false;
    this.#sums = sumsOf(entry);
    return true;
  }

  /** Receipts at `indices` with their inclusion under the root over the first `count`. */
  async prove(count: bigint, indices: readonly bigint[]): Promise<ProvenReceipt[]> {
    const range = new MountainRange();
    const wanted = new Map<bigint, JournalEntry>();
    for await (const [, entry] of this.#records.scan({ limit: Number(count) })) {
      range.append(receiptLeaf(entry.digest));
      if (indices.includes(entry.receipt.index)) wanted.set(entry.receipt.index, entry);
    }
    return indices.map((index) => {
      const entry = wanted.get(index);
      if (entry === undefined) throw new FatalError("compute/no-receipt", `There is no receipt ${index}.`);
      return { entry, proof: range.prove(Number(index)).map((node) => hexlify(node)) };
    });
  }
}

const NOTHING: JournalSums = { receipts: 0n, amount: 0n, units: 0n, root: `0x${"00".repeat(32)}` };

/** Decimal with leading zeros, so that keys lie in the order of the numbers. */
export function padded(number: bigint): string {
  return number.toString().padStart(20, "0");
}

function sumsOf({ receipt, amountAfter, unitsAfter, rootAfter }: JournalEntry): JournalSums {
  return { receipts: receipt.index + 1n, amount: amountAfter, units: unitsAfter, root: rootAfter };
}

function corrupt(session: bigint, index: bigint): FatalError {
  return new FatalError(
    "compute/journal-corrupt",
    `Receipt ${index} of session ${session} does not follow from those before it.`,
    {
      session,
      index,
    },
  );
}
