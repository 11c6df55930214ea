import { challengeOf, type OpenChallenge } from "../chain/absence.ts";
import { attemptCall } from "../chain/attemptCall.ts";
import { stepKey } from "../chain/bonding.ts";
import type { PresenceParts } from "./parts.ts";

/** The challenge that this node has to answer now. */
export async function challengesToAnswer({
  context,
  absence,
}: PresenceParts): Promise<readonly OpenChallenge[]> {
  const open = await challengeOf(absence, context.transactions.address);
  return open === undefined ? [] : [open];
}

/** Says that this node is there, and so keeps its seat and earns the deposit. */
export async function answerChallenge(
  { context, absence, metrics, signal }: PresenceParts,
  { challenger, deadline }: OpenChallenge,
): Promise<void> {
  const { transactions, logger } = context;
  const data = absence.interface.encodeFunctionData("answer", [transactions.address]);
  // The transaction count tells apart two challenges of one second.
  const key = await stepKey(context, `presence/answer/${deadline}`);
  const about = { challenger, deadline: deadline.toString() };
  if (await attemptCall(context, { key, to: await absence.getAddress(), data }, signal)) {
    metrics.answered.inc();
    logger.info(about, "this node was challenged and has answered");
    return;
  }
  const left = await challengeOf(absence, transactions.address);
  if (left?.deadline !== deadline) return;
  logger.error(about, "this node was challenged and could not answer in time");
}

/** Has paid out what this node is owed, once that is worth a transaction. */
export async function collectOwed(
  { context, absence, metrics, signal }: PresenceParts,
  least: bigint,
): Promise<void> {
  const { address } = context.transactions;
  const owed = await absence.owed(address);
  if (owed === 0n || owed < least) return;
  const data = absence.interface.encodeFunctionData("collect", [address]);
  const key = await stepKey(context, `presence/collect/${owed}`);
  if (!(await attemptCall(context, { key, to: await absence.getAddress(), data }, signal))) return;
  metrics.collected.inc(Number(owed));
  context.logger.info({ amount: owed.toString() }, "deposits of challenges were collected");
}
