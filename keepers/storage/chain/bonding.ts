import { encodeBytes32String, type Provider } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import { ensureAllowance } from "./allowance.ts";
import { contractAddress } from "./committeeView.ts";

export interface BondingNeeds {
  readonly deployment: Deployment;
  readonly transactions: TransactionSender;
  readonly provider: Provider;
  readonly signal?: AbortSignal;
}

/** Bonds and allocates to `slasher` what the operator lacks of a node's bond. */
export async function ensureBond(context: BondingNeeds, slasher: string): Promise<void> {
  await ensureAllocated(context, slasher, await parameterOf(context, "storage.nodeBond"));
}

/** Bonds and allocates to a module what the sender of transactions lacks of `required` wei; resolves with what is allocated. */
export async function ensureAllocated(
  context: BondingNeeds,
  module: string,
  required: bigint,
): Promise<bigint> {
  const { provider, deployment, transactions, signal } = context;
  const operator = transactions.address;
  const to = contractAddress(deployment, "Bonds");
  const bonds = IBonds__factory.connect(to, provider);
  const allocated = await bonds.allocated(operator, module);
  const missing = required - allocated;
  if (missing <= 0n) return allocated;
  const deposit = missing - (await bonds.free(operator));
  if (deposit > 0n) {
    const allowance = { token: await bonds.token(), spender: to, amount: deposit };
    const key = await stepKey(context, "approve");
    await ensureAllowance(provider, transactions, { ...allowance, key }, signal);
    const data = bonds.interface.encodeFunctionData("deposit", [operator, deposit]);
    await transactions.send({ key: await stepKey(context, `deposit/${deposit}`), to, data }, signal);
  }
  const data = bonds.interface.encodeFunctionData("allocate", [module, missing]);
  await transactions.send({ key: await stepKey(context, `allocate/${missing}`), to, data }, signal);
  return required;
}

/** A parameter's value now. */
export async function parameterOf(
  { provider, deployment }: Pick<BondingNeeds, "provider" | "deployment">,
  name: string,
): Promise<bigint> {
  const address = contractAddress(deployment, "Parameters");
  return await IParameters__factory.connect(address, provider).get(encodeBytes32String(name));
}

/**
 * The operator's transaction count is part of the key: while a step is on its way the count stands, and the step has the
 * same key after a crash; once it has landed, a later need of the same kind is a new one.
 */
export async function stepKey(
  { provider, transactions }: Pick<BondingNeeds, "provider" | "transactions">,
  step: string,
): Promise<string> {
  return `storage/${step}/${await provider.getTransactionCount(transactions.address, "latest")}`;
}
