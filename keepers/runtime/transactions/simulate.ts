import { type Interface, type JsonRpcApiProvider, toQuantity } from "ethers";
import { FatalError, RetryableError } from "../errors.ts";
import { TransactionRevertedError } from "./errors.ts";
import { decodeRevert, nodeMessage, revertDataOf } from "./reverts.ts";
import type { TransactionJob } from "./sender.ts";

/** No transaction may have more gas (EIP-7825), and ours stay below. */
export const GAS_LIMIT_CEILING = 2n ** 24n - 1n;

/** Room over an estimate: a first write of a block costs far more than a second, and unused gas costs nothing. */
const GAS_ROOM = { share: 2n, flat: 50_000n };

/**
 * Runs a call on the pending state and returns the gas limit to send it with: more than it took, because the state may
 * have moved when it is mined.
 * @throws TransactionRevertedError when it reverts; FatalError "transactions/gas-too-high" when it can never be mined;
 * RetryableError "transactions/node-trouble" when the node could not judge.
 */
export async function simulate(
  provider: JsonRpcApiProvider,
  from: string,
  job: TransactionJob,
  errors: readonly Interface[],
): Promise<bigint> {
  const call = { from, to: job.to, data: job.data, value: toQuantity(job.value ?? 0n) };
  const estimate = await provider
    .send("eth_estimateGas", [call, "pending"])
    .then(BigInt, async (error: unknown) => {
      const data = revertDataOf(error);
      if (data === undefined) throw nodeTrouble(job, error);
      throw new TransactionRevertedError(job, decodeRevert(await fullData(provider, call, data), errors));
    });
  if (estimate > GAS_LIMIT_CEILING) {
    throw new FatalError(
      "transactions/gas-too-high",
      `${job.key} needs ${estimate} gas, over ${GAS_LIMIT_CEILING}.`,
      {
        key: job.key,
        gas: estimate.toString(),
      },
    );
  }
  const limit = estimate + estimate / GAS_ROOM.share + GAS_ROOM.flat;
  return limit < GAS_LIMIT_CEILING ? limit : GAS_LIMIT_CEILING;
}

/** Some nodes keep the return data out of a failed estimate; a plain call has it. */
async function fullData(provider: JsonRpcApiProvider, call: object, data: string): Promise<string> {
  if (data !== "0x") return data;
  try {
    await provider.send("eth_call", [call, "pending"]);
    return data;
  } catch (error) {
    return revertDataOf(error) ?? data;
  }
}

/** Why a mined transaction reverted, by running it again; best effort. */
export async function explainRevert(
  provider: JsonRpcApiProvider,
  from: string,
  job: TransactionJob,
  gasLimit: bigint,
  block: number,
): Promise<string> {
  const call = {
    from,
    to: job.to,
    data: job.data,
    value: toQuantity(job.value ?? 0n),
    gas: toQuantity(gasLimit),
  };
  // The state before the block misses what came earlier in it; the state after is the next best guess.
  for (const state of [block - 1, block]) {
    try {
      await provider.send("eth_call", [call, toQuantity(state)]);
    } catch (error) {
      const data = revertDataOf(error);
      if (data !== undefined) return data;
    }
  }
  return "0x";
}

function nodeTrouble(job: TransactionJob, cause: unknown): RetryableError {
  return new RetryableError(
    "transactions/node-trouble",
    `The node could not simulate ${job.key}: ${nodeMessage(cause)}`,
    { key: job.key },
    cause,
  );
}
