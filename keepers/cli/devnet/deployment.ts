import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { JsonRpcProvider } from "ethers";
import { deployMycelia } from "../../../scripts/deploy/mycelia.ts";
import { checkDeployment } from "../../runtime/chain/deployment.ts";
import { readDeployment } from "../../runtime/chain/deploymentFile.ts";
import { FatalError } from "../../runtime/errors.ts";
import { packageRoot } from "../paths.ts";
import { toJson } from "../terminal/output.ts";
import type { Payer } from "./payer.ts";
import type { NetworkState } from "./state.ts";

/** The deployment to use on the state's chain: one that stands there already, or a new one. */
export async function ensureDeployment(
  dataDir: string,
  state: NetworkState,
  { wallet, provider }: Payer,
  onProgress: (text: string) => void,
): Promise<{ file: string; note: string }> {
  const own = join(dataDir, "deployments", `${state.chainId}-${state.genesisHash.slice(2, 10)}.json`);
  for (const file of [own, join(packageRoot, "deployments", `${state.chainId}.json`)]) {
    if (await stands(provider, file)) return { file, note: `found as in ${file}` };
  }
  const deployment = await deployMycelia(wallet, (done, total, what) => {
    onProgress(`${done} of ${total} ${what}`);
  });
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, `${toJson(deployment, 2)}\n`);
  return {
    file: own,
    note: `${Object.keys(deployment.contracts).length} deployed, timelock proposer ${wallet.address}`,
  };
}

/** Whether a file records a deployment that stands on this chain, code for code. */
async function stands(provider: JsonRpcProvider, file: string): Promise<boolean> {
  try {
    await checkDeployment(provider, await readDeployment(file));
    return true;
  } catch (error) {
    if (error instanceof FatalError) return false;
    throw error;
  }
}
