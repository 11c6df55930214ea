import { RetryableError } from "../../runtime/errors.ts";
import { pause } from "../../runtime/pause.ts";
import { readAudit, readClaim, readSession } from "../chainReads.ts";
import { CLAIM, SESSION, VERDICT } from "../states.ts";
import type { ClientParts } from "./parts.ts";

export interface SettledClaim {
  readonly id: bigint;
  readonly amount: bigint;
  readonly receipts: bigint;
  /** Receipts that verifiers re-ran. */
  readonly audited: number;
  readonly outcome: "paid" | "void";
  readonly verdict: "honest" | "guilty" | "inconclusive" | "expired" | "none";
}

export interface Settlement {
  /** Wei that went to the provider, its verifiers and the treasury. */
  readonly paid: bigint;
  /** Wei of the budget that came back. */
  readonly refunded: bigint;
  readonly claims: readonly SettledClaim[];
}

export interface WaitOptions {
  readonly pollMs?: number;
  /** Gives up after this long, milliseconds; never when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until a session is closed and each of its claims is paid or void.
 * @throws RetryableError compute/not-settled when time is up or the signal aborts
 */
export async function awaitSettlement(
  parts: ClientParts,
  session: bigint,
  options: WaitOptions,
): Promise<Settlement> {
  const stop = AbortSignal.any([
    parts.context.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
    ...(options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)]),
  ]);
  while (!stop.aborted) {
    const settlement = await findSettlement(parts, session);
    if (settlement !== undefined) return settlement;
    await pause(options.pollMs ?? 1_000, stop);
  }
  throw new RetryableError("compute/not-settled", `Session ${session} is not settled yet; ask again later.`, {
    session,
  });
}

async function findSettlement(parts: ClientParts, session: bigint): Promise<Settlement | undefined> {
  const terms = await readSession(parts.contracts, session);
  if (terms?.state !== SESSION.closed || terms.openClaim !== 0n) return undefined;
  const claims: SettledClaim[] = [];
  for (const id of await claimsOf(parts, session)) {
    const claim = await readClaim(parts.contracts, id);
    if (claim?.state !== CLAIM.settled && claim?.state !== CLAIM.void) return undefined;
    const audit = await readAudit(parts.contracts, id);
    claims.push({
      id,
      amount: claim.amount,
      receipts: claim.receipts - claim.firstReceipt,
      audited: audit?.indices.length ?? 0,
      outcome: claim.state === CLAIM.settled ? "paid" : "void",
      verdict: verdictName(audit?.verdict ?? VERDICT.none),
    });
  }
  const paid = claims.reduce((sum, { outcome, amount }) => (outcome === "paid" ? sum + amount : sum), 0n);
  return { paid, refunded: terms.budget - paid, claims };
}

async function claimsOf({ context, contracts }: ClientParts, session: bigint): Promise<bigint[]> {
  const from = context.deployment.contracts.Sessions?.block ?? 0;
  const filter = contracts.sessions.filters.ClaimPosted(undefined, session);
  return (await contracts.sessions.queryFilter(filter, from)).map(({ args }) => args.id);
}

function verdictName(verdict: number): SettledClaim["verdict"] {
  return (["none", "honest", "guilty", "inconclusive", "expired"] as const)[verdict] ?? "none";
}
