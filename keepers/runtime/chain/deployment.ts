import { isAddress, type JsonRpcApiProvider, keccak256 } from "ethers";
import * as z from "zod";
import { FatalError } from "../errors.ts";

/** One deployed contract, as `deployments/<chainId>.json` records it. */
export interface DeployedContract {
  readonly address: string;
  /** keccak256 of the runtime code. */
  readonly codeHash: string;
  readonly block: number;
  readonly transaction: string;
  readonly arguments: readonly unknown[];
}

export interface Deployment {
  readonly chainId: number;
  readonly contracts: Readonly<Record<string, DeployedContract>>;
}

const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "expected 32 bytes in hex");

const deploymentSchema = z.object({
  chainId: z.number().int().positive(),
  contracts: z.record(
    z.string(),
    z.object({
      address: z.string().refine(isAddress, "expected an address"),
      codeHash: hash,
      block: z.number().int().nonnegative(),
      transaction: hash,
      arguments: z.array(z.unknown()),
    }),
  ),
});

/** @param from what it came from, for the error. @throws FatalError "deployment/malformed" */
export function parseDeployment(text: string, from: string): Deployment {
  const parsed = deploymentSchema.safeParse(parseJson(text, from));
  if (parsed.success) return parsed.data;
  throw new FatalError(
    "deployment/malformed",
    `${from} is not a deployment: ${z.prettifyError(parsed.error)}`,
    { file: from },
  );
}

/** The record of a contract. @throws FatalError "deployment/no-contract" */
export function contractOf(deployment: Deployment, name: string): DeployedContract {
  const contract = Object.hasOwn(deployment.contracts, name) ? deployment.contracts[name] : undefined;
  if (contract !== undefined) return contract;
  throw new FatalError(
    "deployment/no-contract",
    `The deployment on chain ${deployment.chainId} has no ${name}; it has ${Object.keys(deployment.contracts).join(", ")}.`,
    { name, chainId: deployment.chainId },
  );
}

/**
 * Makes sure that the chain has every contract of a deployment, with the code that was deployed.
 * @throws FatalError "deployment/no-code", "deployment/other-code" naming the contract
 */
export async function checkDeployment(provider: JsonRpcApiProvider, deployment: Deployment): Promise<void> {
  const checks = Object.entries(deployment.contracts).map(async ([name, { address, codeHash }]) => {
    const code = String(await provider.send("eth_getCode", [address, "latest"]));
    const details = { name, address, chainId: deployment.chainId };
    if (code === "0x") {
      const message = `${name} is not on this chain: there is no code at ${address}. Deploy, or use the right node.`;
      throw new FatalError("deployment/no-code", message, details);
    }
    if (keccak256(code) !== codeHash.toLowerCase()) {
      const message = `The code of ${name} at ${address} is not the code that the deployment recorded.`;
      throw new FatalError("deployment/other-code", message, {
        ...details,
        found: keccak256(code),
        codeHash,
      });
    }
  });
  await Promise.all(checks);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FatalError("deployment/malformed", `${file} is not JSON.`, { file }, cause);
  }
}
