import type { KeeperContext } from "../../runtime/context.ts";
import { TransactionRevertedError } from "../../runtime/transactions/errors.ts";

export interface Call {
  /** Made of chain facts; what differs in content differs in key. */
  readonly key: string;
  readonly to: string;
  readonly data: string;
}

/** Sends a call; false when the chain refuses it, because somebody else was first or it is too late: the next look tells. */
export async function attemptCall(
  { transactions, logger }: Pick<KeeperContext, "transactions" | "logger">,
  call: Call,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await transactions.send(call, signal);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionRevertedError)) throw error;
    logger.info({ key: call.key, reason: error.revert.text }, "the chain has no use for a call");
    return false;
  }
}
