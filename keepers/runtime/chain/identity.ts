import type { JsonRpcProvider } from "ethers";
import { keccak256, toUtf8Bytes } from "ethers";
import { FatalError } from "../errors.ts";
import { toJson } from "../store/json.ts";
import type { Deployment } from "./deployment.ts";

/** Which chain and which contracts some state belongs to. */
export interface ChainIdentity {
  readonly chainId: number;
  readonly genesisHash: string;
  /** keccak256 over the names, addresses and code hashes of the contracts. */
  readonly deploymentHash: string;
  /** Name for a directory of state: equal exactly for the same chain and deployment. */
  readonly directory: string;
}

/** @throws FatalError "chain/different-chain" when the node is on another chain than the deployment. */
export async function identifyChain(
  provider: JsonRpcProvider,
  deployment: Deployment,
): Promise<ChainIdentity> {
  const [id, genesis] = await Promise.all([
    provider.send("eth_chainId", []),
    provider.send("eth_getBlockByNumber", ["0x0", false]),
  ]);
  const chainId = Number(id);
  if (chainId !== deployment.chainId) {
    throw new FatalError(
      "chain/different-chain",
      `The node is on chain ${chainId}, the deployment on chain ${deployment.chainId}; use the file of this chain.`,
      { chainId, wanted: deployment.chainId },
    );
  }
  const genesisHash = String((genesis as { hash: string } | null)?.hash ?? "");
  if (genesisHash === "") throw new FatalError("chain/not-a-node", "The node has no block 0.", { chainId });
  const deploymentHash = hashDeployment(deployment);
  const directory = `${chainId}-${genesisHash.slice(2, 10)}-${deploymentHash.slice(2, 10)}`;
  return { chainId, genesisHash, deploymentHash, directory };
}

/** Independent of the order of names and the case of addresses. */
export function hashDeployment(deployment: Deployment): string {
  const contracts = Object.entries(deployment.contracts)
    .map(([name, { address, codeHash }]) => [name, address.toLowerCase(), codeHash.toLowerCase()])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return keccak256(toUtf8Bytes(toJson([deployment.chainId, contracts])));
}
