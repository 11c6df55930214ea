import { chainTime } from "../../runtime/chain/time.ts";
import type { ClaimTerms } from "../chainReads.ts";
import { CLAIM } from "../states.ts";
import type { ProviderParts } from "./parts.ts";

/** Takes the money of a claim that its audit and dispute window have freed. */
export async function settleClaim(parts: ProviderParts, claim: ClaimTerms): Promise<void> {
  if (claim.state !== CLAIM.free || (await chainTime(parts.context.provider)) < claim.freeAt) return;
  const data = parts.contracts.sessions.interface.encodeFunctionData("settle", [claim.id]);
  await parts.context.transactions.send({
    key: `sessions/settle/${claim.id}`,
    to: parts.contracts.addresses.Sessions,
    data,
  });
  parts.context.logger.info({ claim: claim.id.toString(), amount: claim.amount.toString() }, "claim settled");
}
