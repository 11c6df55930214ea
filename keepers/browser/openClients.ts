import type { JsonRpcApiProvider, Signer } from "ethers";
import { createCodec } from "../coding/codec.ts";
import type { KvClient } from "../kv/client/kvTypes.ts";
import { createKvClient } from "../kv/client.ts";
import { type Clusters, openClusters } from "../kv/paths/clusters.ts";
import type { Deployment } from "../runtime/chain/deployment.ts";
import type { HttpClient } from "../runtime/http/exchange.ts";
import type { KeySigner } from "../runtime/keys/signer.ts";
import { openMemoryStore } from "../runtime/store/memoryEngine.ts";
import type { Store } from "../runtime/store/store.ts";
import { openTransactionSender } from "../runtime/transactions/lane.ts";
import type { TransactionSender } from "../runtime/transactions/sender.ts";
import type { StorageClient, StorageClientNeeds } from "../storage/client/clientTypes.ts";
import { createStorageClient } from "../storage/client.ts";
import { createFetchClient } from "./fetchClient.ts";
import { keySignerOf } from "./signers.ts";
import { WalletSender } from "./walletSender.ts";

export interface ClientsOptions
  extends Pick<StorageClientNeeds, "limits" | "readSessions" | "readSessionFor"> {
  /** Of the chain: ethers' own over HTTP, or a wallet's. */
  readonly provider: JsonRpcApiProvider;
  readonly deployment: Deployment;
  /** Base URLs of KV nodes, asked in this order until one answers. */
  readonly kvNodes?: readonly string[];
  /** Who sends transactions and signs what relays announce: a key in memory, or a wallet; without it the clients only read. */
  readonly signer?: Signer;
  /**
   * Signs each request that stores, in the place of `signer`: with a wallet its owner would be asked for every member of every
   * segment. Its credit is what counts.
   */
  readonly uploads?: Signer;
  /** Remembers what was stored and sent; gone with the page when absent. See `openBrowserStore`. */
  readonly store?: Store;
  /** `createFetchClient()` when absent. */
  readonly http?: HttpClient;
}

export interface Clients {
  readonly storage: StorageClient;
  readonly kv: KvClient;
  /** Names that `log://` paths begin with. */
  readonly clusters: Clusters;
  /** Ends what is under way; a store, a provider and an HTTP client that were given stay open. */
  close(): Promise<void>;
}

/** Puts the clients together for a page: what `mycelia` leaves to a program, with a browser's parts. */
export async function openClients(options: ClientsOptions): Promise<Clients> {
  const { provider, deployment, kvNodes = [], signer, uploads = signer, store = openMemoryStore() } = options;
  const { chainId } = deployment;
  const http = options.http ?? createFetchClient();
  const [codec, person] = await Promise.all([createCodec(), signer && openPerson(signer, options, store)]);
  const { limits, readSessions, readSessionFor } = options;
  const storage = createStorageClient({
    ...{ provider, chainId, deployment, http, codec, store: store.under("storage/") },
    ...{
      ...(limits && { limits }),
      ...(readSessions && { readSessions }),
      ...(readSessionFor && { readSessionFor }),
    },
    ...(uploads && { signer: await keySignerOf(uploads) }),
    ...(person && { transactions: person.transactions }),
  });
  const kv = createKvClient({
    ...{ provider, chainId, deployment, http, nodes: kvNodes, storage },
    ...person,
  });
  return {
    ...{ storage, kv, clusters: openClusters({ provider, chainId, deployment }) },
    async close() {
      await Promise.all([codec.close(), person?.transactions.close(), options.http ?? http.close()]);
    },
  };
}

/** A key that is at hand signs, and is sent for, as a keeper's is; a wallet sends by itself. */
async function openPerson(
  wallet: Signer,
  { provider, deployment }: ClientsOptions,
  store: Store,
): Promise<{ readonly signer: KeySigner; readonly transactions: TransactionSender }> {
  const signer = await keySignerOf(wallet);
  const own = store.under(`transactions/${deployment.chainId}/${signer.address}/`);
  // By what it has, not by its class: a page may bring ethers of its own.
  if (!("signingKey" in wallet))
    return {
      signer,
      transactions: new WalletSender({ provider, wallet, address: signer.address, store: own }),
    };
  const { chainId } = deployment;
  return { signer, transactions: await openTransactionSender({ provider, signer, store: own, chainId }) };
}
