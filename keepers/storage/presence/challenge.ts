import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import type { OpenChallenge } from "../chain/absence.ts";
import { balanceOf, ensureAllowance } from "../chain/allowance.ts";
import { attemptCall } from "../chain/attemptCall.ts";
import { parameterOf } from "../chain/bonding.ts";
import { type CommitteeMember, contractAddress } from "../chain/committeeView.ts";
import type { ChallengeBook } from "./challengeBook.ts";
import type { PresenceParts } from "./parts.ts";

/** Asks a member on chain whether it is there, once in an epoch at most. */
export async function challengeMember(
  parts: PresenceParts,
  book: ChallengeBook,
  { operator, number, endpoint }: CommitteeMember,
  epoch: bigint,
): Promise<void> {
  const { context, absence, metrics, signal } = parts;
  const to = await absence.getAddress();
  const subject = `${operator}/${epoch}`;
  if (!(await canPay(parts, to, subject))) return;
  await book.note(operator, epoch);
  const data = absence.interface.encodeFunctionData("challenge", [operator]);
  if (!(await attemptCall(context, { key: `storage/presence/challenge/${subject}`, to, data }, signal)))
    return;
  metrics.challenged.inc();
  context.logger.warn({ seat: number, operator, endpoint }, "a member that has gone silent was challenged");
}

/** Whether the deposit can be taken from this node. */
async function canPay(
  { context, signal }: PresenceParts,
  spender: string,
  subject: string,
): Promise<boolean> {
  const { provider, deployment, transactions, logger } = context;
  const amount = await parameterOf(context, "storage.challengeDeposit");
  const token = await IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider).token();
  const balance = await balanceOf(provider, token, transactions.address);
  if (balance < amount) {
    logger.warn(
      { balance: balance.toString(), deposit: amount.toString() },
      "this node can't pay for a challenge",
    );
    return false;
  }
  const allowance = { token, spender, amount, key: `storage/presence/approve/${subject}` };
  await ensureAllowance(provider, transactions, allowance, signal);
  return true;
}

/** Removes a member that was challenged and did not answer in time. */
export async function expelMember(
  { context, absence, metrics, signal }: PresenceParts,
  { operator, number }: CommitteeMember,
  { challenger, deadline }: OpenChallenge,
): Promise<void> {
  const data = absence.interface.encodeFunctionData("expel", [operator]);
  const key = `storage/presence/expel/${operator}/${deadline}`;
  if (!(await attemptCall(context, { key, to: await absence.getAddress(), data }, signal))) return;
  metrics.expelled.inc();
  context.logger.warn({ seat: number, operator, challenger }, "a member that did not answer was expelled");
}
