import { chainTime } from "../../runtime/chain/time.ts";
import type { AuditState } from "../chainReads.ts";
import { STAGE } from "../states.ts";
import type { VerifierParts } from "./parts.ts";

/** Shows the answers that were committed to, once the operator has shown its own. */
export async function revealAnswers(parts: VerifierParts, audit: AuditState): Promise<void> {
  if (audit.stage !== STAGE.revealing) return;
  const { context, contracts, audits } = parts;
  const answers = await audits.answers(audit.claim, audit.round);
  if (answers === undefined || (await chainTime(context.provider)) > audit.deadline) return;
  const { responseDigests, salt } = answers;
  const data = contracts.audits.interface.encodeFunctionData("reveal", [
    audit.claim,
    [...responseDigests],
    salt,
  ]);
  const key = `audits/reveal/${audit.claim}/${audit.round}`;
  await context.transactions.send({ key, to: contracts.addresses.Audits, data });
  parts.metrics.reveals.inc();
}
