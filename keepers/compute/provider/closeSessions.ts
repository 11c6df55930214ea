import type { SessionTerms } from "../chainReads.ts";
import { SESSION } from "../states.ts";
import { claimable, isOver } from "./claimVouchers.ts";
import type { ProviderParts } from "./parts.ts";

/** Closes a session from which nothing more can be earned, so that its user has the rest of the budget back at once. */
export async function closeSession(parts: ProviderParts, terms: SessionTerms): Promise<void> {
  if (terms.state === SESSION.closed || terms.openClaim !== 0n || !(await isOver(parts, terms))) return;
  if ((await claimable(parts, terms)) !== undefined) return;
  const data = parts.contracts.sessions.interface.encodeFunctionData("close", [terms.id]);
  const key = `sessions/close/${terms.id}`;
  await parts.context.transactions.send({ key, to: parts.contracts.addresses.Sessions, data });
}

/** Lets go of a closed session with its last claim: what its user sent and got is deleted. */
export async function forgetSession(parts: ProviderParts, terms: SessionTerms): Promise<void> {
  if (terms.state !== SESSION.closed || (await parts.sessions.claims(terms.id)).length > 0) return;
  await parts.evidence.forget(terms.id);
  await parts.sessions.forget(terms.id);
}
