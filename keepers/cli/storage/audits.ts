import { formatEther, isAddress } from "ethers";
import { readDeployment } from "../../runtime/chain/deploymentFile.ts";
import { createProvider } from "../../runtime/chain/provider.ts";
import { type AuditStatus, auditStatus } from "../../storage/chain/audits.ts";
import { createCommitteeView } from "../../storage/chain/committeeView.ts";
import { createCommitteeCount } from "../../storage/chain/rendezvous.ts";
import { requireNetwork } from "../devnet/state.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";

/** Where the running audit stands for one operator, and what audits have paid it. */
export interface OperatorAudit extends AuditStatus {
  readonly operator: string;
}

/**
 * The running audit as each member of every committee sees it, or as one operator does.
 * @throws UsageError when `operator` is no address
 */
export async function readAudits(dataDir: string, operator?: string): Promise<OperatorAudit[]> {
  if (operator !== undefined && !isAddress(operator))
    throw new UsageError(`"${operator}" is no address`, { operator });
  const state = requireNetwork(dataDir);
  const provider = await createProvider(state.rpcUrl);
  try {
    const deployment = await readDeployment(state.deployment);
    const operators = operator === undefined ? await everyMember(provider, deployment) : [operator];
    const audits: OperatorAudit[] = [];
    for (const each of operators)
      audits.push({ operator: each, ...(await auditStatus(provider, deployment, each)) });
    return audits;
  } finally {
    provider.destroy();
  }
}

async function everyMember(...[provider, deployment]: Parameters<typeof createCommitteeCount>) {
  const count = await createCommitteeCount(provider, deployment)();
  const operators: string[] = [];
  for (let committee = 0; committee < count; committee++) {
    const { members } = await createCommitteeView(provider, deployment, { committee }).current();
    operators.push(...members.map((member) => member.operator));
  }
  return operators;
}

export function showAudits(output: Output, audits: readonly OperatorAudit[]): void {
  output.table(
    ["committee", "seat", "liable slots", "standing", "misses in a row", "rewards", "MYC earned", "operator"],
    audits.map(({ committee, seat, liableSlots, standing, misses, rewards, operator }) => [
      ...[committee, seat, liableSlots].map(String),
      standing,
      ...[misses, rewards.length].map(String),
      formatEther(rewards.reduce((sum, { amount }) => sum + amount, 0n)),
      operator,
    ]),
  );
  const [first] = audits;
  output.line(first === undefined ? "nobody serves on a committee" : sentenceOf(first));
}

function sentenceOf({ epoch, stage, deadline }: AuditStatus): string {
  const until = deadline === 0n ? "" : `, until ${timeOf(deadline)}`;
  return `audit of epoch ${epoch}: ${STAGE_WORDS.get(stage)}${until}`;
}

const STAGE_WORDS: ReadonlyMap<AuditStatus["stage"], string> = new Map([
  ["none", "not opened"],
  ["seeding", "waits for its first draw"],
  ["committing", "members commit to their samples"],
  ["drawing", "waits for its second draw"],
  ["answering", "members open the samples drawn"],
  ["closed", "closed"],
  ["void", "void: a draw did not come"],
]);

function timeOf(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
