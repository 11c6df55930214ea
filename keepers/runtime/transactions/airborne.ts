import { keccak256, type TransactionReceipt, toQuantity } from "ethers";
import { type Broadcast, broadcast } from "./broadcast.ts";
import { type Fees, raiseFees, suggestFees } from "./fees.ts";
import type { Flight, Journal } from "./journal.ts";
import type { SenderOptions } from "./options.ts";
import type { TransactionJob } from "./sender.ts";

/** A nonce counts as taken by somebody else only after so many looks over so long found no receipt of ours. */
const DISPLACED = { looks: 3, ms: 2_000 };
/** Pause before a node that did not take a transaction is asked again, milliseconds. */
const RETRY_MS = 1_000;

/** What a look at the chain told about a flight. */
export type Verdict =
  | { readonly kind: "pending" }
  | { readonly kind: "displaced" }
  | { readonly kind: "landed"; readonly receipt: TransactionReceipt };

/** The chain at one moment: the newest height, and the account's nonce at the depth that counts. */
export interface Horizon {
  readonly head: number;
  readonly settledNonce: number;
}

export async function lookAtHorizon(options: SenderOptions): Promise<Horizon> {
  const head = Number(await options.provider.send("eth_blockNumber", []));
  const deep = toQuantity(Math.max(0, head - options.confirmations));
  const count = await options.provider.send("eth_getTransactionCount", [options.signer.address, deep]);
  return { head, settledNonce: Number(count) };
}

/** Signs a job for a nonce; nothing leaves yet. */
export async function signFlight(
  options: SenderOptions,
  job: TransactionJob,
  terms: { nonce: number; gasLimit: bigint; fees: Fees; hashes: readonly string[] },
): Promise<Flight> {
  const { nonce, gasLimit, fees } = terms;
  const raw = await options.signer.signTransaction({
    type: 2,
    chainId: options.chainId,
    from: options.signer.address,
    to: job.to,
    data: job.data,
    value: job.value ?? 0n,
    nonce,
    gasLimit,
    ...fees,
  });
  return { state: "flying", job, nonce, gasLimit, fees, raw, hashes: [...terms.hashes, keccak256(raw)] };
}

/** One signed transaction on its way, with what this process knows of its fate. */
export class Airborne {
  flight: Flight;
  readonly #options: SenderOptions;
  readonly #journal: Journal;
  /** When its terms were last renewed, and when a node was last given it; milliseconds of the monotonic clock. */
  #renewedAt = performance.now();
  #offeredAt = Number.NEGATIVE_INFINITY;
  #isPooled = false;
  #isMined = false;
  #wantsMore = false;
  #missing: { looks: number; since: number } | undefined;
  #said = "not broadcast yet";

  constructor(flight: Flight, options: SenderOptions, journal: Journal) {
    this.flight = flight;
    this.#options = options;
    this.#journal = journal;
  }

  get isMined(): boolean {
    return this.#isMined;
  }

  /** For people. */
  get state(): string {
    if (this.#isMined) return "mined, waiting for depth";
    return this.#isPooled ? "waiting for a block" : this.#said;
  }

  /** `horizon` must be older than this call: a nonce is judged by receipts that are at least as new. */
  async judge(horizon: Horizon): Promise<Verdict> {
    const receipt = await this.#findReceipt();
    if (receipt !== null) {
      this.#isMined = true;
      this.#missing = undefined;
      const depth = horizon.head - receipt.blockNumber;
      return depth >= this.#options.confirmations ? { kind: "landed", receipt } : { kind: "pending" };
    }
    if (this.#isMined) this.#vanish();
    return this.#isDisplaced(horizon) ? { kind: "displaced" } : { kind: "pending" };
  }

  /** Offers it to the node as it is. */
  async offer(): Promise<void> {
    this.#offeredAt = performance.now();
    this.#take(await broadcast(this.#options.provider, this.flight.raw));
  }

  /** Does what is due: offers it again when the node may not have it, and for more when it waited too long. */
  async nurse(isNext: boolean): Promise<void> {
    if (this.#isMined) return;
    const now = performance.now();
    const isOverdue = now - this.#renewedAt >= this.#options.resubmitMs;
    if (this.#wantsMore || (isOverdue && isNext)) return await this.#reprice();
    if (isOverdue) this.#renewedAt = now;
    if (isOverdue || (!this.#isPooled && now - this.#offeredAt >= RETRY_MS)) await this.offer();
  }

  async #reprice(): Promise<void> {
    const cap = this.#options.maxFeePerGas;
    const { flight } = this;
    this.#renewedAt = performance.now();
    this.#wantsMore = false;
    const suggested = await suggestFees(this.#options.provider, cap).catch(() => flight.fees);
    const fees = raiseFees(flight.fees, suggested, cap);
    if (fees === undefined) {
      this.#options.logger?.warn(
        { key: flight.job.key, cap: String(cap) },
        "transaction waits at the fee cap",
      );
      return await this.offer();
    }
    const raised = await signFlight(this.#options, flight.job, { ...flight, fees });
    await this.#journal.record(raised);
    this.flight = raised;
    this.#options.logger?.info(
      { key: flight.job.key, nonce: flight.nonce, maxFeePerGas: String(fees.maxFeePerGas) },
      "transaction offered for more",
    );
    await this.offer();
  }

  #take({ outcome, message }: Broadcast): void {
    this.#isPooled = outcome === "pooled" || outcome === "nonce-used";
    this.#wantsMore = outcome === "underpriced";
    this.#said = message ?? "";
    if (this.#isPooled) return;
    const { key } = this.flight.job;
    this.#options.logger?.warn(
      { key, nonce: this.flight.nonce, outcome, message },
      "node did not take a transaction",
    );
  }

  async #findReceipt(): Promise<TransactionReceipt | null> {
    for (const hash of this.flight.hashes.toReversed()) {
      const receipt = await this.#options.provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
    }
    return null;
  }

  #vanish(): void {
    const { job, nonce } = this.flight;
    this.#options.logger?.warn({ key: job.key, nonce }, "a reorg took a transaction out; offering it again");
    this.#isMined = false;
    this.#isPooled = false;
  }

  #isDisplaced(horizon: Horizon): boolean {
    if (horizon.settledNonce <= this.flight.nonce) {
      this.#missing = undefined;
      return false;
    }
    const now = performance.now();
    this.#missing = { looks: (this.#missing?.looks ?? 0) + 1, since: this.#missing?.since ?? now };
    return this.#missing.looks >= DISPLACED.looks && now - this.#missing.since >= DISPLACED.ms;
  }
}
