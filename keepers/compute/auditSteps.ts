import { chainTime } from "../runtime/chain/time.ts";
import type { KeeperContext } from "../runtime/context.ts";
import type { AuditState, ClaimTerms } from "./chainReads.ts";
import type { ComputeContracts } from "./contracts.ts";
import type { Draws } from "./draws.ts";
import { CLAIM, DRAW, STAGE } from "./states.ts";

// Cranks that anyone may turn and that both sides of an audit have reason to turn.

export interface Crank {
  readonly context: Pick<KeeperContext, "provider" | "transactions">;
  readonly contracts: ComputeContracts;
}

/** Begins the audit of a claim once the beacon has answered; ends it when the beacon no longer can. */
export async function beginAudit(
  crank: Crank,
  draws: Draws,
  claim: ClaimTerms,
  audit: AuditState | undefined,
): Promise<void> {
  if (claim.state !== CLAIM.auditing || (audit?.stage ?? STAGE.drawing) !== STAGE.drawing) return;
  const state = await draws.attend(claim.draw);
  if (state === DRAW.fulfilled) await turn(crank, "begin", claim.id, audit?.round ?? 0n);
  if (state === DRAW.expired) await turn(crank, "conclude", claim.id, audit?.round ?? 0n);
}

/** Moves an audit on whose deadline has passed. */
export async function concludeAudit(crank: Crank, audit: AuditState): Promise<void> {
  if (audit.stage < STAGE.opening || audit.stage === STAGE.concluded) return;
  if ((await chainTime(crank.context.provider)) <= audit.deadline) return;
  await turn(crank, "conclude", audit.claim, audit.round, `/${audit.stage}`);
}

async function turn(
  { context, contracts }: Crank,
  name: "begin" | "conclude",
  claim: bigint,
  round: bigint,
  facts = "",
): Promise<void> {
  const codec = contracts.audits.interface;
  const data =
    name === "begin"
      ? codec.encodeFunctionData("begin", [claim])
      : codec.encodeFunctionData("conclude", [claim]);
  const key = `audits/${name}/${claim}/${round}${facts}`;
  await context.transactions.send({ key, to: contracts.addresses.Audits, data });
}
