import {
  type ContractFactory,
  getCreateAddress,
  keccak256,
  type Provider,
  type Signer,
  type TransactionResponse,
  toUtf8Bytes,
} from "ethers";
import type { DeployedContract, Deployment } from "../../keepers/runtime/chain/deployment.ts";
import { FatalError } from "../../keepers/runtime/errors.ts";

/** One contract of a plan. Addresses of all others, earlier and later, are known when its arguments are made. */
export interface DeployStep {
  readonly name: string;
  readonly factory: ContractFactory;
  arguments(addressOf: (name: string) => string): unknown[];
}

/** A call that wires what constructors could not. */
export interface DeployCall {
  readonly what: string;
  readonly to: string;
  readonly data: string;
}

export type DeployProgress = (done: number, total: number, what: string) => void;

// Fixed so that the same plan on a fresh development chain gives the same transactions, hashes included.
const fees = { type: 2, maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const gasPerStep = 12_000_000n;
const gasPerCall = 1_000_000n;

/** Addresses that the plan's contracts will have when `deployer` creates them from `nonce` on. */
export function predictAddresses(
  plan: readonly DeployStep[],
  deployer: string,
  nonce: number,
): Map<string, string> {
  return new Map(plan.map((step, i) => [step.name, getCreateAddress({ from: deployer, nonce: nonce + i })]));
}

/** Creates every contract of a plan, in order, from one account that does nothing else meanwhile. */
export async function deployPlan(
  signer: Signer,
  plan: readonly DeployStep[],
  onProgress: DeployProgress,
): Promise<Deployment> {
  const { provider } = signer;
  if (provider === null)
    throw new FatalError("deploy/no-chain", "the deployer's key is not connected to a chain");
  const deployer = await signer.getAddress();
  const first = await provider.getTransactionCount(deployer, "latest");
  const addresses = predictAddresses(plan, deployer, first);
  const addressOf = (name: string): string => {
    const address = addresses.get(name);
    if (address === undefined)
      throw new FatalError("deploy/unknown-contract", `the plan has no ${name}`, { name });
    return address;
  };
  const sent: TransactionResponse[] = [];
  for (const [i, step] of plan.entries()) {
    onProgress(i, plan.length, step.name);
    const transaction = await step.factory.getDeployTransaction(...step.arguments(addressOf));
    sent.push(
      await signer.sendTransaction({ ...transaction, ...fees, nonce: first + i, gasLimit: gasPerStep }),
    );
  }
  const contracts: Record<string, DeployedContract> = {};
  for (const [i, step] of plan.entries()) {
    contracts[step.name] = await record(step, addressOf, sent[i] as TransactionResponse, provider);
  }
  onProgress(plan.length, plan.length, "");
  const { chainId } = await provider.getNetwork();
  return { chainId: Number(chainId), contracts };
}

async function record(
  step: DeployStep,
  addressOf: (name: string) => string,
  sent: TransactionResponse,
  provider: Provider,
): Promise<DeployedContract> {
  const receipt = await sent.wait();
  const address = addressOf(step.name);
  if (receipt?.contractAddress !== address) {
    throw new FatalError("deploy/wrong-address", `${step.name} was not created at ${address}`, {
      step: step.name,
    });
  }
  return {
    address,
    codeHash: keccak256(await provider.getCode(address)),
    block: receipt.blockNumber,
    transaction: receipt.hash,
    arguments: step.arguments(addressOf),
  };
}

/** Sends wiring calls in order. */
export async function sendCalls(
  signer: Signer,
  calls: readonly DeployCall[],
  onProgress: DeployProgress,
): Promise<void> {
  const first = await signer.getNonce("latest");
  const sent: TransactionResponse[] = [];
  for (const [i, call] of calls.entries()) {
    onProgress(i, calls.length, call.what);
    const { to, data } = call;
    sent.push(await signer.sendTransaction({ ...fees, to, data, nonce: first + i, gasLimit: gasPerCall }));
  }
  for (const transaction of sent) await transaction.wait();
  onProgress(calls.length, calls.length, "");
}

/** A short string, left-aligned in 32 bytes: the name of a parameter or module. */
export function shortName(text: string): string {
  const bytes = toUtf8Bytes(text);
  if (bytes.length > 32)
    throw new FatalError("deploy/name-too-long", `"${text}" is longer than 32 bytes`, { text });
  return `0x${Buffer.from(bytes).toString("hex").padEnd(64, "0")}`;
}
