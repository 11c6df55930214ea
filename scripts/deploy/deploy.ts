import { type ContractFactory, getCreateAddress, keccak256, type Signer, toUtf8Bytes } from "ethers";
import type { DeployedContract, Deployment } from "../../keepers/runtime/context.ts";
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
  const contracts: Record<string, DeployedContract> = {};
  for (const [i, step] of plan.entries()) {
    onProgress(i, plan.length, step.name);
    contracts[step.name] = await create(signer, step, first + i, addressOf);
  }
  onProgress(plan.length, plan.length, "");
  const { chainId } = await provider.getNetwork();
  return { chainId: Number(chainId), contracts };
}

async function create(
  signer: Signer,
  step: DeployStep,
  nonce: number,
  addressOf: (name: string) => string,
): Promise<DeployedContract> {
  const args = step.arguments(addressOf);
  const transaction = await step.factory.getDeployTransaction(...args);
  const sent = await signer.sendTransaction({ ...transaction, ...fees, nonce, gasLimit: gasPerStep });
  const receipt = await sent.wait();
  const address = addressOf(step.name);
  if (receipt?.contractAddress !== address) {
    throw new FatalError("deploy/wrong-address", `${step.name} was not created at ${address}`, {
      step: step.name,
    });
  }
  const code = await signer.provider?.getCode(address);
  return {
    address,
    codeHash: keccak256(code ?? "0x"),
    block: receipt.blockNumber,
    transaction: receipt.hash,
    arguments: args,
  };
}

/** Sends wiring calls in order. */
export async function sendCalls(
  signer: Signer,
  calls: readonly DeployCall[],
  onProgress: DeployProgress,
): Promise<void> {
  const first = await signer.getNonce("latest");
  for (const [i, call] of calls.entries()) {
    onProgress(i, calls.length, call.what);
    const sent = await signer.sendTransaction({
      ...fees,
      to: call.to,
      data: call.data,
      nonce: first + i,
      gasLimit: 3_000_000n,
    });
    await sent.wait();
  }
  onProgress(calls.length, calls.length, "");
}

/** A short string, left-aligned in 32 bytes: the name of a parameter or module. */
export function shortName(text: string): string {
  const bytes = toUtf8Bytes(text);
  if (bytes.length > 32)
    throw new FatalError("deploy/name-too-long", `"${text}" is longer than 32 bytes`, { text });
  return `0x${Buffer.from(bytes).toString("hex").padEnd(64, "0")}`;
}
