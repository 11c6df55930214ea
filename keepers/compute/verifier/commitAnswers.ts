import { chainTime } from "../../runtime/chain/time.ts";
import type { AuditState } from "../chainReads.ts";
import { commitmentOf } from "../commitments.ts";
import { STAGE } from "../states.ts";
import type { VerifierParts } from "./parts.ts";
import { rerun } from "./rerun.ts";

/** Re-runs the drawn requests and commits to the answers; they are in the safety store before the commitment leaves. */
export async function commitAnswers(parts: VerifierParts, audit: AuditState): Promise<void> {
  if (audit.stage !== STAGE.committing) return;
  const { context, contracts, audits } = parts;
  if ((await chainTime(context.provider)) > audit.deadline) return;
  const known = await audits.answers(audit.claim, audit.round);
  const answers = known ?? (await audits.settleOn(audit.claim, audit.round, await rerun(parts, audit)));
  const commitment = commitmentOf(audit.claim, audit.round, context.transactions.address, answers);
  const data = contracts.audits.interface.encodeFunctionData("commit", [audit.claim, commitment]);
  const key = `audits/commit/${audit.claim}/${audit.round}`;
  await context.transactions.send({ key, to: contracts.addresses.Audits, data });
  if (known === undefined) parts.metrics.commits.inc();
}
