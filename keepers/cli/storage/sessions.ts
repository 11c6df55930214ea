import { formatEther } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import { createStorageClient } from "../../storage/client.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { withPerson } from "../withPerson.ts";
import type { Payment } from "./paidReading.ts";
import { type ClosedSession, type OpenSession, SessionBook } from "./sessionBook.ts";

export interface SessionList {
  readonly open: readonly OpenSession[];
  /** Closed now. */
  readonly closed: readonly ClosedSession[];
}

/** What this person has locked for reads; what can be closed is closed. */
export async function listSessions(
  request: PersonChoice & { readonly dataDir: string },
): Promise<SessionList> {
  return await withPerson(
    () => openPerson(request.dataDir, requireNetwork(request.dataDir), request),
    async (person, signal) => {
      const codec = await openCodec(person, { threads: 0 });
      const book = new SessionBook(person, createStorageClient({ ...person, codec }));
      const { closed, open } = await book.settle(signal);
      return { closed, open: await Promise.all(open.map((order) => book.stateOf(order))) };
    },
  );
}

export function showSessions(output: Output, { open, closed }: SessionList): void {
  for (const session of closed) output.line(describeClosed(session));
  if (open.length === 0) {
    output.line("no read session holds any money");
    return;
  }
  output.table(
    ["session", "committee", "MYC locked", "MYC signed for", "closable after", "object root"],
    open.map(({ session, committee, budget, signed, closableAfter, objectRoot }) => [
      ...[String(session), String(committee), formatEther(budget), formatEther(signed)],
      ...[timeOf(closableAfter), objectRoot],
    ]),
  );
}

/** Says what a reading has cost, and what comes back when. */
export function showPayment(output: Output, { paid, sessions }: Payment): void {
  output.note(
    sessions.length === 0 ? "nobody wanted to be paid: nothing was locked" : `${formatEther(paid)} MYC paid`,
  );
  for (const session of sessions) output.note(describeOpen(session));
}

export function describeOpen({ session, left, closableAfter }: OpenSession): string {
  return `read session ${session} is open until its members have claimed: ${formatEther(left)} MYC come back after ${timeOf(closableAfter)}, with the next "get --pay" or "mycelia storage sessions"`;
}

export function describeClosed({ session, budget, refunded }: ClosedSession): string {
  if (refunded === undefined)
    return `read session ${session} was closed by somebody else; what was left has come back`;
  return `read session ${session} is closed: ${formatEther(refunded)} of ${formatEther(budget)} MYC have come back`;
}

/** @param seconds since 1970 */
function timeOf(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
