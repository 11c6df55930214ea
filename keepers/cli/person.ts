import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../runtime/chain/deployment.ts";
import { readDeployment } from "../runtime/chain/deploymentFile.ts";
import { createProvider } from "../runtime/chain/provider.ts";
import { createHttpClient } from "../runtime/http/client.ts";
import type { HttpClient } from "../runtime/http/exchange.ts";
import { keyFile } from "../runtime/keys/keystore.ts";
import { createKeystoreSigner } from "../runtime/keys/localSigner.ts";
import type { KeySigner } from "../runtime/keys/signer.ts";
import { type Closers, createClosers } from "../runtime/lifecycle/closers.ts";
import { openLmdbStore } from "../runtime/store/lmdb.ts";
import type { Store } from "../runtime/store/store.ts";
import { openTransactionSender } from "../runtime/transactions/lane.ts";
import type { TransactionSender } from "../runtime/transactions/sender.ts";
import { contractInterfaces } from "./contracts.ts";
import type { Party } from "./devnet/accounts.ts";
import { ensureKey } from "./devnet/keyring.ts";
import type { NetworkState } from "./devnet/state.ts";

/** Somebody at a terminal: a key, its transactions and its journal, and no server. */
export interface Person {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly signer: KeySigner;
  readonly transactions: TransactionSender;
  readonly store: Store;
  readonly http: HttpClient;
  readonly closers: Closers;
}

/** A key in the data directory, and the file that holds its password. */
export interface KeyChoice {
  readonly name: string;
  readonly passwordFile: string;
}

export interface PersonChoice {
  /** Which managed account, where no key is named. */
  readonly party?: Party;
  readonly key?: KeyChoice;
}

/** Opens a person's side of a network; the caller closes `closers`. */
export async function openPerson(
  dataDir: string,
  state: NetworkState,
  choice: PersonChoice = {},
): Promise<Person> {
  const closers = createClosers();
  try {
    const signer = await chooseSigner(dataDir, state, choice);
    const provider = await createProvider(state.rpcUrl);
    closers.add("provider", () => provider.destroy());
    const directory = join(
      dataDir,
      "state",
      state.genesisHash.slice(2, 18),
      `person-${signer.address.toLowerCase()}`,
    );
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const store = openLmdbStore(directory);
    closers.add("store", () => store.close());
    const transactions = await openTransactionSender({
      provider,
      signer,
      chainId: state.chainId,
      store: store.under("transactions/"),
      errors: [...contractInterfaces().values()],
      pollMs: 100,
    });
    closers.add("transactions", () => transactions.close());
    // The network of a data directory is one that `up` runs on this machine.
    const http = createHttpClient({ allowPrivate: ["127.0.0.0/8"] });
    closers.add("http", () => http.close());
    const deployment = await readDeployment(state.deployment);
    return { provider, chainId: state.chainId, deployment, signer, transactions, store, http, closers };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function chooseSigner(dataDir: string, state: NetworkState, choice: PersonChoice): Promise<KeySigner> {
  if (choice.key !== undefined) {
    return await createKeystoreSigner(keyFile(dataDir, choice.key.name), choice.key.passwordFile);
  }
  const who = { party: choice.party ?? "user", number: 1 } as const;
  const { file, passwordFile } = await ensureKey(dataDir, state.chainId, who);
  return await createKeystoreSigner(file, passwordFile);
}
