import { Counter } from "prom-client";
import { chainTime } from "../../runtime/chain/time.ts";
import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { runDuties } from "../../runtime/duties/duties.ts";
import { TransactionRevertedError } from "../../runtime/transactions/errors.ts";
import { readSessionsOf } from "../chain/readSessions.ts";
import type { PaidReads, PaidSession } from "../disk/paidReads.ts";

export interface ReadClaimOptions {
  /** Pause between two looks at what is owed, milliseconds. */
  readonly pollMs?: number;
  /** Wei that are claimed before a session ends; all else is claimed when it has ended. */
  readonly claimAbove?: bigint;
  /** Wei below which nothing is claimed: what costs more gas than it earns. */
  readonly claimAtLeast?: bigint;
}

const DEFAULTS = { pollMs: 10_000, claimAbove: 10n ** 18n, claimAtLeast: 1n } as const;

type ClaimContext = Pick<
  KeeperContext,
  "provider" | "deployment" | "transactions" | "logger" | "metrics" | "server" | "closers" | "signal"
>;

interface Claim {
  readonly paid: PaidSession;
  /** Wei claimed so far. */
  readonly claimed: bigint;
}

/**
 * Claims what read sessions owe for as long as the keeper runs: as soon as a session has ended, and before that when much is owed.
 * What was claimed is asked of the chain in each round, so it may be killed anywhere.
 */
export function startReadClaims(
  context: ClaimContext,
  book: PaidReads,
  options: ReadClaimOptions = {},
): void {
  const settings = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const duty = new ReadClaims(context, book, settings, signal);
  const loop = { logger: context.logger, signal, alarm: new Alarm(), pollMs: settings.pollMs };
  const work = runDuties(
    loop,
    () => duty.due(),
    (claim) => duty.perform(claim),
  );
  runInBackground({ ...context, signal }, "read claims", work);
  context.closers.add("read claims' stop", () => stop.abort());
}

class ReadClaims {
  readonly #context: ClaimContext;
  readonly #book: PaidReads;
  readonly #settings: Required<ReadClaimOptions>;
  readonly #signal: AbortSignal;
  readonly #earned: Counter;

  constructor(
    context: ClaimContext,
    book: PaidReads,
    settings: Required<ReadClaimOptions>,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#book = book;
    this.#settings = settings;
    this.#signal = signal;
    this.#earned = new Counter({
      name: "mycelia_storage_reads_claimed_total",
      help: "Wei claimed for reads",
      registers: [context.metrics],
    });
  }

  /** What is to be claimed now; sessions that have nothing more to give are forgotten. */
  async due(): Promise<Claim[]> {
    const { provider, deployment, transactions } = this.#context;
    const { claimAbove, claimAtLeast } = this.#settings;
    const sessions = readSessionsOf(provider, deployment);
    const now = await chainTime(provider);
    const claims: Claim[] = [];
    for await (const paid of this.#book.all()) {
      this.#signal.throwIfAborted();
      const { id, expiresAt, claimBefore } = paid.session;
      const hasEnded = now >= expiresAt;
      if (!hasEnded && paid.amount < claimAbove) continue;
      const claimed = await sessions.claimedBy(id, transactions.address);
      const owed = paid.amount - claimed;
      if (now > claimBefore || (hasEnded && owed < claimAtLeast)) await this.#book.forget(id);
      else if (owed >= claimAtLeast && (hasEnded || owed >= claimAbove)) claims.push({ paid, claimed });
    }
    return claims;
  }

  async perform({ paid, claimed }: Claim): Promise<void> {
    const { provider, deployment, transactions, logger } = this.#context;
    const { session, seat, amount, signature } = paid;
    const contract = readSessionsOf(provider, deployment);
    const data = contract.interface.encodeFunctionData("claim", [
      ...([session.id, seat] as const),
      ...([[...session.owners] as never, amount, signature] as const),
    ]);
    // Cumulative: the same amount is never worth a second transaction.
    const key = `storage/reads/claim/${session.id}/${amount}`;
    try {
      await transactions.send({ key, to: await contract.getAddress(), data }, this.#signal);
      this.#earned.inc(Number(amount - claimed));
      logger.info({ session: session.id.toString(), amount: amount.toString() }, "reads were paid");
    } catch (error) {
      if (!(error instanceof TransactionRevertedError)) throw error;
      const reason = error.revert.text;
      logger.warn({ session: session.id.toString(), reason }, "the chain does not pay for reads");
    }
  }
}
