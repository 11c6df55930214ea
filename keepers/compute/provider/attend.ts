import { beginAudit, concludeAudit } from "../auditSteps.ts";
import { readAudit, readClaim } from "../chainReads.ts";
import { CLAIM } from "../states.ts";
import { claimVouchers } from "./claimVouchers.ts";
import { closeSession, forgetSession } from "./closeSessions.ts";
import { openAudit } from "./openAudits.ts";
import type { ProviderParts } from "./parts.ts";
import { settleClaim } from "./settleClaims.ts";
import { unsealAudit } from "./unsealAudits.ts";

/** Does for one session what the chain says is due now. Every step looks at the chain first, so it may be taken again. */
export async function attendSession(parts: ProviderParts, id: bigint): Promise<void> {
  const terms = await parts.sessions.freshTerms(id);
  if (terms === undefined) return parts.sessions.forget(id);
  if (terms.openClaim !== 0n) await parts.sessions.trackClaim(id, terms.openClaim);
  for (const claim of await parts.sessions.claims(id)) await attendClaim(parts, id, claim);
  await claimVouchers(parts, terms);
  await closeSession(parts, terms);
  await forgetSession(parts, terms);
}

async function attendClaim(parts: ProviderParts, session: bigint, id: bigint): Promise<void> {
  const claim = await readClaim(parts.contracts, id);
  if (claim === undefined || claim.state === CLAIM.settled || claim.state === CLAIM.void) {
    return parts.sessions.forgetClaim(session, id);
  }
  const audit = await readAudit(parts.contracts, id);
  await beginAudit(parts, parts.draws, claim, audit);
  await settleClaim(parts, claim);
  if (audit === undefined) return;
  await openAudit(parts, claim, audit);
  await unsealAudit(parts, claim, audit);
  await concludeAudit(parts, audit);
}
