import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keccak256, type Signer } from "ethers";
import { deployMycelia } from "../../../scripts/deploy/mycelia.ts";
import type { Deployment } from "../../runtime/context.ts";
import { FatalError } from "../../runtime/errors.ts";
import { packageRoot } from "../paths.ts";
import { toJson } from "../terminal/output.ts";
import type { NetworkState } from "./state.ts";

export function loadDeployment(file: string): Deployment {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Deployment;
  } catch (cause) {
    throw new FatalError("deployment/unreadable", `cannot read the deployment ${file}`, { file }, cause);
  }
}

/** Whether every contract of a deployment stands on the chain with the code that it recorded. */
async function stands({ provider }: Signer, deployment: Deployment): Promise<boolean> {
  const checks = Object.values(deployment.contracts).map(
    async ({ address, codeHash }) => keccak256((await provider?.getCode(address)) ?? "0x") === codeHash,
  );
  return (await Promise.all(checks)).every(Boolean);
}

/** The deployment to use on the state's chain: one that stands there already, or a new one. */
export async function ensureDeployment(
  dataDir: string,
  state: NetworkState,
  payer: Signer,
  onProgress: (text: string) => void,
): Promise<{ file: string; note: string }> {
  const own = join(dataDir, "deployments", `${state.chainId}-${state.genesisHash.slice(2, 10)}.json`);
  for (const file of [own, join(packageRoot, "deployments", `${state.chainId}.json`)]) {
    const known = tryLoad(file);
    if (known !== undefined && (await stands(payer, known))) return { file, note: `found as in ${file}` };
  }
  const deployment = await deployMycelia(payer, (done, total, what) => {
    onProgress(`${done} of ${total} ${what}`);
  });
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, `${toJson(deployment, 2)}\n`);
  const proposer = await payer.getAddress();
  return {
    file: own,
    note: `${Object.keys(deployment.contracts).length} deployed, timelock proposer ${proposer}`,
  };
}

function tryLoad(file: string): Deployment | undefined {
  try {
    return loadDeployment(file);
  } catch {
    return undefined;
  }
}
