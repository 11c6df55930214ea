import { MyceliaError, RetryableError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import { pause } from "../../runtime/pause.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { ClientLimits, MemberFailure } from "./clientTypes.ts";

/** Failures after which a member is left out for the rest of an upload. */
const STRIKES = 2;
const FIRST_PAUSE_MS = 100;

/** Who failed in an upload; one that keeps failing is not waited for with every segment anew. */
export class MemberHealth {
  readonly #strikes = new Map<string, number>();
  readonly #reasons = new Map<string, MemberFailure>();

  isOut(member: CommitteeMember): boolean {
    return (this.#strikes.get(member.operator) ?? 0) >= STRIKES;
  }

  failed(member: CommitteeMember, error: unknown): void {
    this.#strikes.set(member.operator, (this.#strikes.get(member.operator) ?? 0) + 1);
    this.#reasons.set(member.operator, failureOf(member, error));
  }

  worked(member: CommitteeMember): void {
    this.#strikes.delete(member.operator);
  }

  /** The last failure of each member that ever failed. */
  get failures(): MemberFailure[] {
    return [...this.#reasons.values()];
  }
}

export interface DeliveryRules<R> {
  readonly limits: ClientLimits;
  readonly health: MemberHealth;
  readonly signal: AbortSignal;
  readonly send: (member: CommitteeMember, signal: AbortSignal) => Promise<R>;
  /** Whether these answers make the part final; from then on the rest is given the grace only. */
  readonly isFinal: (answers: ReadonlyMap<CommitteeMember, R>) => boolean;
}

/** Sends every member its part, in parallel; resolves with the answers of those that took it. */
export async function deliver<R>(
  members: readonly CommitteeMember[],
  { limits, health, signal, send, isFinal }: DeliveryRules<R>,
): Promise<Map<CommitteeMember, R>> {
  const answers = new Map<CommitteeMember, R>();
  const late = new AbortController();
  const either = AbortSignal.any([signal, late.signal]);
  let grace: ReturnType<typeof setTimeout> | undefined;
  const parts = members.map(async (member) => {
    if (health.isOut(member)) return;
    try {
      answers.set(member, await retry(limits.attempts, either, () => send(member, either)));
      health.worked(member);
    } catch (error) {
      signal.throwIfAborted();
      health.failed(member, error);
    }
    if (grace === undefined && isFinal(answers)) {
      grace = setTimeout(() => late.abort(tooSlow(limits.graceMs)), limits.graceMs);
    }
  });
  try {
    await Promise.all(parts);
  } finally {
    clearTimeout(grace);
  }
  return answers;
}

export function failureOf({ number, endpoint }: CommitteeMember, error: unknown): MemberFailure {
  const who = { member: number, endpoint };
  if (error instanceof HttpError && error.problem !== undefined) {
    return { ...who, code: error.problem.code, reason: error.message };
  }
  if (error instanceof MyceliaError)
    return { ...who, code: error.code, reason: `${error.code}: ${error.message}` };
  return { ...who, code: "storage/failed", reason: error instanceof Error ? error.message : String(error) };
}

async function retry<R>(attempts: number, signal: AbortSignal, run: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !(error instanceof MyceliaError) || !error.retry) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** attempt, signal);
      signal.throwIfAborted();
    }
  }
}

function tooSlow(graceMs: number): RetryableError {
  return new RetryableError("storage/slow-member", `no answer within ${graceMs} ms of the part being final`, {
    graceMs,
  });
}
