import { JsonRpcProvider, type Wallet } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { keyFile, openKeystore } from "../../runtime/keys/keystore.ts";
import type { KeyChoice } from "../person.ts";
import { devnetWallet } from "./accounts.ts";
import { devnetChainId } from "./chain.ts";
import type { NetworkState } from "./state.ts";

/** The account that deploys and funds: account 0 on a devnet, a key of the operator's anywhere else. */
export interface Payer {
  readonly wallet: Wallet;
  readonly provider: JsonRpcProvider;
  close(): void;
}

export async function openPayer(
  dataDir: string,
  state: NetworkState,
  key: KeyChoice | undefined,
): Promise<Payer> {
  const wallet = await chooseWallet(dataDir, state, key);
  const provider = new JsonRpcProvider(state.rpcUrl, state.chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
  });
  provider.pollingInterval = state.chainId === devnetChainId ? 50 : 2_000;
  return { wallet: wallet.connect(provider) as Wallet, provider, close: () => provider.destroy() };
}

async function chooseWallet(dataDir: string, state: NetworkState, key: KeyChoice | undefined) {
  if (key !== undefined) return await openKeystore(keyFile(dataDir, key.name), key.passwordFile);
  if (state.chainId === devnetChainId) return devnetWallet("deployer");
  const message = `chain ${state.chainId} is no devnet: name the key that deploys and funds, --key <name> --password-file <file>`;
  throw new FatalError("cli/no-key", message, { chainId: state.chainId });
}
