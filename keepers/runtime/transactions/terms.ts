import type { JsonRpcApiProvider } from "ethers";
import { RetryableError } from "../errors.ts";
import { type Fees, suggestFees } from "./fees.ts";
import type { Flight } from "./journal.ts";
import type { SenderOptions } from "./options.ts";
import type { TransactionJob } from "./sender.ts";
import { simulate } from "./simulate.ts";

/** What a call that would succeed now is to be sent with. */
export interface Terms {
  readonly gasLimit: bigint;
  readonly fees: Fees;
}

/**
 * Simulates a call and prices it.
 * @throws what `simulate` and `suggestFees` throw; RetryableError "transactions/insufficient-funds".
 */
export async function termsFor(
  options: SenderOptions,
  job: TransactionJob,
  flying: readonly Flight[],
  gasFloor: bigint,
): Promise<Terms> {
  const { provider, signer } = options;
  const gas = await simulate(provider, signer.address, job, options.errors);
  const gasLimit = gas > gasFloor ? gas : gasFloor;
  const fees = await suggestFees(provider, options.maxFeePerGas);
  const spoken = flying.reduce((sum, flight) => sum + worstCost(flight.job, flight), 0n);
  await checkFunds(provider, signer.address, job, worstCost(job, { gasLimit, fees }), spoken);
  return { gasLimit, fees };
}

async function checkFunds(
  provider: JsonRpcApiProvider,
  address: string,
  job: TransactionJob,
  needed: bigint,
  spoken: bigint,
): Promise<void> {
  const free = (await provider.getBalance(address)) - spoken;
  if (free >= needed) return;
  throw new RetryableError(
    "transactions/insufficient-funds",
    `${address} has ${free} wei free and ${job.key} may cost ${needed}; send it some.`,
    { address, free: String(free), needed: String(needed) },
  );
}

function worstCost(job: TransactionJob, terms: Terms): bigint {
  return (job.value ?? 0n) + terms.gasLimit * terms.fees.maxFeePerGas;
}
