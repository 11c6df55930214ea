import type { TransactionReceipt } from "ethers";
import { Bell } from "../bell.ts";
import { Backoff } from "../pause.ts";
import { Airborne, lookAtHorizon, signFlight } from "./airborne.ts";
import { isPassing, senderClosed, TransactionRevertedError } from "./errors.ts";
import { receiptNow } from "./fate.ts";
import { min, suggestFees } from "./fees.ts";
import { checkJob, checkSameCall } from "./jobs.ts";
import { createJournal, type Flight, type Journal, type Landing } from "./journal.ts";
import { DEFAULT_SENDER_OPTIONS, type SenderOptions } from "./options.ts";
import { formatReceipt } from "./receiptRecord.ts";
import { decodeRevert } from "./reverts.ts";
import type { TransactionJob, TransactionSender } from "./sender.ts";
import { explainRevert, GAS_LIMIT_CEILING } from "./simulate.ts";
import { termsFor } from "./terms.ts";
import { Ticket } from "./ticket.ts";

/** Pause after something moved, milliseconds: a chain that mines at once has the receipt by then. */
const FIRST_PAUSE_MS = 10;

/** Times that a transaction which ran out of gas is sent with twice as much. */
const OUT_OF_GAS_TRIES = 3;

type Required = "provider" | "signer" | "store" | "chainId";

/**
 * Opens the queue of one key on one chain and takes up what an earlier process left in flight. A key must be used by one
 * process at a time; another that uses it costs delays and never a job that lands twice.
 */
export async function openTransactionSender(
  options: Pick<SenderOptions, Required> & Partial<SenderOptions>,
): Promise<TransactionSender> {
  const lane = new Lane({ ...DEFAULT_SENDER_OPTIONS, ...options });
  await lane.resume();
  return lane;
}

class Lane implements TransactionSender {
  readonly address: string;
  readonly #options: SenderOptions;
  readonly #journal: Journal;
  readonly #tickets = new Map<string, Ticket>();
  readonly #bell = new Bell();
  #waiting: Ticket[] = [];
  /** By nonce. */
  #flying: Airborne[] = [];
  #nextNonce = 0;
  #landings = 0;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.address = options.signer.address;
    this.#journal = createJournal(options.store);
  }

  async resume(): Promise<void> {
    for (const flight of await this.#journal.flights()) this.#adopt(flight, new Ticket(flight.job));
    this.#running = this.#run();
  }

  async send(job: TransactionJob, signal?: AbortSignal): Promise<TransactionReceipt> {
    signal?.throwIfAborted();
    if (this.#stop.signal.aborted) throw senderClosed();
    checkJob(job);
    const ticket = this.#tickets.get(job.key) ?? this.#open(job);
    checkSameCall(job, ticket.job);
    try {
      return await ticket.wait(this.#options.timeoutMs, signal);
    } finally {
      if (!ticket.isAwaited && this.#waiting.includes(ticket)) this.#forget(ticket);
    }
  }

  async knows(key: string): Promise<boolean> {
    return (await this.#journal.get(key)) !== undefined;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#bell.ring();
    await this.#running;
    for (const ticket of this.#tickets.values()) ticket.reject(senderClosed());
  }

  #open(job: TransactionJob): Ticket {
    const ticket = new Ticket(job);
    this.#tickets.set(job.key, ticket);
    void this.#admit(ticket).catch((error: unknown) => this.#fail(ticket, error));
    return ticket;
  }

  async #admit(ticket: Ticket): Promise<void> {
    const known = await this.#journal.get(ticket.job.key);
    if (known !== undefined) checkSameCall(ticket.job, known.state === "flying" ? known.job : known);
    if (known?.state === "landed") return await this.#answer(ticket, known);
    if (known?.state === "flying") this.#adopt(known, ticket);
    else if (ticket.isAwaited) this.#waiting.push(ticket);
    else this.#forget(ticket);
    this.#bell.ring();
  }

  /** Gives the receipt of a job that is over; if a deep reorg took it out, offers it again under the same nonce. */
  async #answer(ticket: Ticket, landing: Landing): Promise<void> {
    const { provider, maxFeePerGas, logger } = this.#options;
    const receipt = await receiptNow(provider, landing);
    if (receipt !== undefined) return this.#succeed(ticket, receipt);
    logger?.warn(
      { key: ticket.job.key, nonce: landing.nonce },
      "a deep reorg took a finished transaction out",
    );
    const fees = await suggestFees(provider, maxFeePerGas);
    const flight = await signFlight(this.#options, ticket.job, { ...landing, fees });
    await this.#journal.record(flight);
    this.#adopt(flight, ticket);
    this.#bell.ring();
  }

  #adopt(flight: Flight, ticket: Ticket): Airborne {
    const airborne = new Airborne(flight, this.#options, this.#journal);
    this.#tickets.set(flight.job.key, ticket);
    this.#flying.push(airborne);
    this.#flying.sort((a, b) => a.flight.nonce - b.flight.nonce);
    this.#nextNonce = Math.max(this.#nextNonce, flight.nonce + 1);
    return airborne;
  }

  async #run(): Promise<void> {
    const trouble = new Backoff(200, 10_000);
    let pauseMs = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const moved = await this.#step();
        trouble.reset();
        pauseMs = moved
          ? FIRST_PAUSE_MS
          : Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), this.#options.pollMs);
        const isIdle = this.#waiting.length === 0 && this.#flying.length === 0;
        await this.#bell.wait(isIdle ? undefined : pauseMs);
      } catch (error) {
        this.#options.logger?.warn({ err: error }, "transaction sender could not reach its node or store");
        for (const ticket of this.#waiting) ticket.trouble = String(error);
        await trouble.wait(this.#stop.signal);
      }
    }
  }

  /** One round over everything; true when something changed. */
  async #step(): Promise<boolean> {
    const settled = this.#flying.length > 0 && (await this.#settle());
    let launched = false;
    for (const ticket of [...this.#waiting]) {
      if (this.#stop.signal.aborted || this.#flying.length >= this.#options.maxInFlight) break;
      launched = (await this.#launch(ticket)) || launched;
    }
    const next = this.#flying.find((airborne) => !airborne.isMined);
    for (const airborne of [...this.#flying]) {
      await airborne.nurse(airborne === next);
      const ticket = this.#tickets.get(airborne.flight.job.key);
      if (ticket !== undefined) ticket.trouble = airborne.state;
    }
    return settled || launched;
  }

  /** Takes what has its depth, or never will, out of the air. */
  async #settle(): Promise<boolean> {
    const horizon = await lookAtHorizon(this.#options);
    const verdicts = await Promise.all(
      this.#flying.map(async (airborne) => ({ airborne, verdict: await airborne.judge(horizon) })),
    );
    let changed = false;
    for (const { airborne, verdict } of verdicts) {
      if (verdict.kind === "pending") continue;
      if (verdict.kind === "landed") await this.#land(airborne.flight, verdict.receipt);
      else await this.#displace(airborne.flight);
      this.#flying = this.#flying.filter((other) => other !== airborne);
      this.#landings++;
      changed = true;
    }
    return changed;
  }

  async #land(flight: Flight, receipt: TransactionReceipt): Promise<void> {
    const ticket = this.#tickets.get(flight.job.key);
    if (receipt.status === 1) {
      await this.#journal.land(flight, formatReceipt(receipt));
      if (ticket !== undefined) this.#succeed(ticket, receipt);
      return;
    }
    // It had no effect, so the key is free.
    await this.#journal.drop(flight);
    if (ticket !== undefined) await this.#revert(ticket, flight, receipt);
  }

  /** A block took it and it reverted: out of gas is tried again with more, anything else is final. */
  async #revert(ticket: Ticket, flight: Flight, receipt: TransactionReceipt): Promise<void> {
    const { provider, errors } = this.#options;
    const data = await explainRevert(
      provider,
      this.address,
      flight.job,
      flight.gasLimit,
      receipt.blockNumber,
    );
    const mayBeGas = data === "0x" && receipt.gasUsed > (flight.gasLimit / 10n) * 9n;
    if (mayBeGas && ticket.isAwaited && ticket.outOfGas < OUT_OF_GAS_TRIES) {
      ticket.outOfGas++;
      ticket.gasFloor = min(flight.gasLimit * 2n, GAS_LIMIT_CEILING);
      this.#waiting.unshift(ticket);
      return;
    }
    const revert = decodeRevert(data, errors);
    this.#fail(ticket, new TransactionRevertedError(flight.job, revert, receipt.hash));
  }

  /** Somebody else's transaction has the nonce for good, so ours can never land and may be sent under another. */
  async #displace(flight: Flight): Promise<void> {
    const { key } = flight.job;
    this.#options.logger?.warn({ key, nonce: flight.nonce }, "another process used this key; sending again");
    await this.#journal.drop(flight);
    const ticket = this.#tickets.get(key);
    if (ticket?.isAwaited) this.#waiting.unshift(ticket);
    else this.#tickets.delete(key);
  }

  /** True when the ticket left the queue: signed and offered, or refused. */
  async #launch(ticket: Ticket): Promise<boolean> {
    if (ticket.heldAt === this.#landings && this.#flying.length > 0) return false;
    const flight = await this.#prepare(ticket);
    if (flight === undefined) return !this.#waiting.includes(ticket);
    this.#waiting = this.#waiting.filter((other) => other !== ticket);
    const airborne = this.#adopt(flight, ticket);
    this.#options.logger?.debug(
      { key: ticket.job.key, nonce: flight.nonce, hash: flight.hashes[0] },
      "sending",
    );
    await airborne.offer();
    return true;
  }

  /** Signs a call that would succeed now, and writes it down; undefined when it has to wait, was refused or given up. */
  async #prepare(ticket: Ticket): Promise<Flight | undefined> {
    try {
      const flying = this.#flying.map(({ flight }) => flight);
      const terms = await termsFor(this.#options, ticket.job, flying, ticket.gasFloor);
      if (!this.#waiting.includes(ticket)) return undefined;
      const nonce = await this.#takeNonce();
      const flight = await signFlight(this.#options, ticket.job, { nonce, ...terms, hashes: [] });
      await this.#journal.record(flight);
      return flight;
    } catch (error) {
      const mayPass = error instanceof TransactionRevertedError && this.#flying.length > 0;
      if (!mayPass && isPassing(error)) throw error;
      // It may depend on what is still in flight.
      if (mayPass) ticket.hold(this.#landings);
      else this.#fail(ticket, error);
      return undefined;
    }
  }

  async #takeNonce(): Promise<number> {
    if (this.#flying.length > 0) return this.#nextNonce;
    const count = await this.#options.provider.send("eth_getTransactionCount", [this.address, "pending"]);
    this.#nextNonce = Number(count);
    return this.#nextNonce;
  }

  #succeed(ticket: Ticket, receipt: TransactionReceipt): void {
    this.#forget(ticket);
    ticket.resolve(receipt);
  }

  #fail(ticket: Ticket, error: unknown): void {
    this.#forget(ticket);
    ticket.reject(error);
  }

  #forget(ticket: Ticket): void {
    this.#waiting = this.#waiting.filter((other) => other !== ticket);
    if (this.#tickets.get(ticket.job.key) === ticket) this.#tickets.delete(ticket.job.key);
  }
}
