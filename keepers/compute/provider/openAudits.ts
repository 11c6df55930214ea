import type { AuditState, ClaimTerms } from "../chainReads.ts";
import { STAGE } from "../states.ts";
import type { ProviderParts } from "./parts.ts";

/** Opens the drawn receipts and the digests of their requests; the answers stay sealed until the verifiers have committed. */
export async function openAudit(parts: ProviderParts, claim: ClaimTerms, audit: AuditState): Promise<void> {
  if (audit.stage !== STAGE.opening) return;
  const journal = await parts.journals.of(claim.session);
  const proven = await journal.prove(claim.receipts, audit.indices);
  const openings = proven.map(({ entry, proof }) => ({
    receipt: entry.receipt,
    requestDigest: entry.requestDigest,
    proof,
  }));
  const data = parts.contracts.audits.interface.encodeFunctionData("open", [claim.id, openings]);
  const key = `audits/open/${claim.id}/${audit.round}`;
  await parts.context.transactions.send({ key, to: parts.contracts.addresses.Audits, data });
}
