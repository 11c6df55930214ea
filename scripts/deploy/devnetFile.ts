import { network } from "hardhat";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { toJson } from "../../keepers/cli/terminal/output.ts";
import { deployMycelia } from "./mycelia.ts";

/** Where the devnet's addresses stand, from the root of the repository. */
export const devnetFile = "deployments/31337.json";

/** What a deployment on a fresh development chain records: the same everywhere, because key, nonces and fees are fixed. */
export async function renderDevnetFile(): Promise<string> {
  const { ethers } = await network.create();
  const deployment = await deployMycelia(devnetWallet("deployer").connect(ethers.provider));
  return `${toJson(deployment, 2)}\n`;
}
