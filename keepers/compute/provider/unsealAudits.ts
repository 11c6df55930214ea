import type { AuditState, ClaimTerms } from "../chainReads.ts";
import { STAGE } from "../states.ts";
import type { ProviderParts } from "./parts.ts";

/** Shows what was answered, with the salts that bind it to the receipts. */
export async function unsealAudit(parts: ProviderParts, claim: ClaimTerms, audit: AuditState): Promise<void> {
  if (audit.stage !== STAGE.unsealing) return;
  const journal = await parts.journals.of(claim.session);
  const entries = (await journal.prove(claim.receipts, audit.indices)).map(({ entry }) => entry);
  const data = parts.contracts.audits.interface.encodeFunctionData("unseal", [
    claim.id,
    entries.map(({ responseDigest }) => responseDigest),
    entries.map(({ salt }) => salt),
  ]);
  const key = `audits/unseal/${claim.id}/${audit.round}`;
  await parts.context.transactions.send({ key, to: parts.contracts.addresses.Audits, data });
}
