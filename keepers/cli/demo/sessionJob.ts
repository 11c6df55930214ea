import { parseEther } from "ethers";
import { IAudits__factory } from "../../../typechain-types/factories/compute/interfaces/IAudits__factory.js";
import { ISessions__factory } from "../../../typechain-types/factories/compute/interfaces/ISessions__factory.js";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { type ComputeClient, type ComputeSession, createComputeClient } from "../../compute/client.ts";
import { contractOf } from "../../runtime/chain/deployment.ts";
import type { Person } from "../person.ts";
import { classesOf, type DigitBatch } from "./digitsJob.ts";
import type { SessionRecord, SlashRecord } from "./result.ts";

/** What the user of the demo is ready to pay. */
export const demoTerms = {
  maxUnitPrice: parseEther("0.001"),
  budget: parseEther("2"),
  duration: 3_600,
} as const;

export interface BoughtAnswers {
  readonly session: ComputeSession;
  readonly right: number;
  readonly digits: number;
  /** Receipts checked by the client: it gives out no answer without one. */
  readonly receipts: number;
}

export function clientOf(person: Person, signal: AbortSignal): ComputeClient {
  return createComputeClient({ ...person, signal });
}

/** Prepays, opens a session on the best offer, has every batch classified, and says that it is finished. */
export async function buyAnswers(
  client: ComputeClient,
  model: string,
  batches: readonly DigitBatch[],
  say: (text: string) => void,
  key: string,
): Promise<BoughtAnswers> {
  await client.prepay(demoTerms.budget);
  const session = await client.open({ model, ...demoTerms }, key);
  let right = 0;
  let digits = 0;
  for (const [i, { tensors, labels }] of batches.entries()) {
    const { outputs } = await session.infer(tensors);
    const classes = classesOf(outputs);
    right += classes.filter((guess, row) => guess === labels[row]).length;
    digits += labels.length;
    say(`${digits} digits, ${i + 1} receipts checked, ${right} right`);
  }
  await session.finish();
  return { session, right, digits, receipts: batches.length };
}

/** Waits until a session is closed, and reads from the chain where every wei of its budget went. */
export async function readSettlement(
  person: Person,
  session: ComputeSession,
  signal: AbortSignal,
): Promise<SessionRecord> {
  const { claims } = await session.settled({ signal, pollMs: 100 });
  const [claim] = claims;
  const sessions = ISessions__factory.connect(
    contractOf(person.deployment, "Sessions").address,
    person.provider,
  );
  const { ClaimSettled, ClaimVoided, SessionClosed } = sessions.filters;
  const [[settled], [voided], [closed], { tip }] = await Promise.all([
    sessions.queryFilter(ClaimSettled(claim?.id)),
    sessions.queryFilter(ClaimVoided(claim?.id)),
    sessions.queryFilter(SessionClosed(session.id)),
    sessions.claimOf(claim?.id ?? 0n),
  ]);
  return {
    session: session.id.toString(),
    operator: session.terms.operator,
    verdict: claim?.verdict === "guilty" ? "guilty" : "honest",
    prepaid: session.terms.budget,
    claimed: claim?.amount ?? 0n,
    toOperator: settled?.args.toOperator ?? 0n,
    toVerifiers: settled?.args.toVerifiers ?? 0n,
    toTreasury: settled?.args.toTreasury ?? 0n,
    toBeacon: tip,
    refunded: (closed?.args.refunded ?? 0n) + (voided?.args.refunded ?? 0n),
  };
}

/** Slashes since a block. */
export async function readSlashes(
  { provider, deployment }: Person,
  fromBlock: number,
): Promise<SlashRecord[]> {
  const bonds = IBonds__factory.connect(contractOf(deployment, "Bonds").address, provider);
  const events = await bonds.queryFilter(bonds.filters.BondSlashed(), fromBlock);
  return events.map(({ args: { operator, toVictim, toReporters, toTreasury } }) => ({
    operator,
    cut: toVictim + toReporters + toTreasury,
    toVictim,
    toReporters,
    toTreasury,
  }));
}

/** Audits concluded, and receipts re-run, since a block. */
export async function readAudits({ provider, deployment }: Person, fromBlock: number) {
  const audits = IAudits__factory.connect(contractOf(deployment, "Audits").address, provider);
  const [concluded, opened] = await Promise.all([
    audits.queryFilter(audits.filters.AuditConcluded(), fromBlock),
    audits.queryFilter(audits.filters.AuditOpened(), fromBlock),
  ]);
  const receiptsRerun = opened.reduce((sum, { args }) => sum + args.requestDigests.length, 0);
  return { concluded: concluded.length, receiptsRerun };
}
