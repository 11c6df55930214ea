import { concludeAudit } from "../auditSteps.ts";
import { readAudit } from "../chainReads.ts";
import { STAGE } from "../states.ts";
import { commitAnswers } from "./commitAnswers.ts";
import type { VerifierParts } from "./parts.ts";
import { revealAnswers } from "./revealAnswers.ts";

/** Does for one audit what the chain says is due now. Every step looks at the chain first, so it may be taken again. */
export async function attendAudit(parts: VerifierParts, claim: bigint): Promise<void> {
  const audit = await readAudit(parts.contracts, claim);
  const mine = audit?.committee.includes(parts.context.transactions.address) ?? false;
  if (audit === undefined || !mine || audit.stage === STAGE.concluded) return parts.audits.forget(claim);
  await concludeAudit(parts, audit);
  await commitAnswers(parts, audit);
  await revealAnswers(parts, audit);
}
