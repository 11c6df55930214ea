import { ZeroAddress } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { readAudit, readClaim } from "../chainReads.ts";
import { STAGE } from "../states.ts";
import type { ProviderParts } from "./parts.ts";

/**
 * The bytes of a drawn request, for a member of the committee that was drawn to re-run it.
 * @throws FatalError compute/unknown-audit, compute/forbidden, compute/gone
 */
export async function auditedRequest(
  parts: ProviderParts,
  claim: bigint,
  index: bigint,
  signer: string,
): Promise<Uint8Array> {
  const [audit, terms] = await Promise.all([
    readAudit(parts.contracts, claim),
    readClaim(parts.contracts, claim),
  ]);
  const mine = audit !== undefined && audit.operator === parts.context.transactions.address;
  if (!mine || terms === undefined || audit.stage < STAGE.opening || !audit.indices.includes(index)) {
    throw new FatalError(
      "compute/unknown-audit",
      `Receipt ${index} of claim ${claim} is not under audit here.`,
      {
        claim,
        index,
      },
    );
  }
  const verifier = await parts.contracts.audits.verifierOf(signer);
  // An empty seat and an unknown signer are both the zero address.
  if (verifier === ZeroAddress || !audit.committee.includes(verifier)) {
    throw new FatalError("compute/forbidden", `${signer} is not on the committee of claim ${claim}.`, {
      claim,
      signer,
    });
  }
  const body = await parts.evidence.request(terms.session, index);
  if (body === undefined)
    throw new FatalError("compute/gone", `Request ${index} of claim ${claim} is kept no longer.`);
  return body;
}
