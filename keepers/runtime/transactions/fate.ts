import { type JsonRpcApiProvider, type TransactionReceipt, toQuantity } from "ethers";
import { RetryableError } from "../errors.ts";
import type { Landing } from "./journal.ts";
import { parseReceipt } from "./receiptRecord.ts";

/**
 * Where a finished job's transaction is now: its receipt, perhaps in another block than before, or undefined when a reorg
 * deeper than the depth that was waited for has taken it out.
 * @throws RetryableError "transactions/receipt-uncertain" while the chain ends below the block that it was in.
 */
export async function receiptNow(
  provider: JsonRpcApiProvider,
  landing: Landing,
): Promise<TransactionReceipt | undefined> {
  const { blockNumber, blockHash, hash } = landing.receipt;
  const block = (await provider.send("eth_getBlockByNumber", [toQuantity(blockNumber), false])) as {
    hash: string;
  } | null;
  if (block?.hash === blockHash) return parseReceipt(landing.receipt, provider);
  for (const candidate of landing.hashes) {
    const receipt = await provider.getTransactionReceipt(candidate);
    if (receipt?.status === 1) return receipt;
  }
  if (block !== null) return undefined;
  throw new RetryableError(
    "transactions/receipt-uncertain",
    `The chain ends below block ${blockNumber}, which had transaction ${hash}; the node may lag behind.`,
    { hash, blockNumber },
  );
}
