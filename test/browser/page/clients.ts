import {
  BrowserProvider,
  type Clients,
  type ClientsOptions,
  JsonRpcProvider,
  openClients,
  parseDeployment,
  walletOf,
} from "mycelia/browser";
import type { Settings } from "../steps.ts";

export type OpenPart = Partial<Pick<ClientsOptions, "http" | "store" | "kvNodes" | "limits">>;

export interface Opened extends Clients {
  readonly address: string;
}

/** Clients of a key in memory, for the time of one call. */
export async function withClients<T>(
  settings: Settings,
  use: (clients: Opened) => Promise<T>,
  part: OpenPart = {},
): Promise<T> {
  const { rpcUrl, kvNodes, privateKey } = settings;
  const deployment = parseDeployment(settings.deployment, "the devnet's deployment");
  const provider = new JsonRpcProvider(rpcUrl, deployment.chainId, { staticNetwork: true, cacheTimeout: -1 });
  const signer = walletOf(privateKey, provider);
  const clients = await openClients({ provider, deployment, kvNodes, signer, ...part });
  try {
    return await use({ ...clients, address: await signer.getAddress() });
  } finally {
    await clients.close();
    provider.destroy();
  }
}

/** The same of a wallet that keeps its key to itself, and asks its own node; uploads are signed by a key in memory. */
export async function withWallet<T>(settings: Settings, use: (clients: Opened) => Promise<T>): Promise<T> {
  const deployment = parseDeployment(settings.deployment, "the devnet's deployment");
  const provider = new BrowserProvider(
    { request: (asked) => askNode(settings.rpcUrl, asked) },
    deployment.chainId,
    {
      cacheTimeout: -1,
    },
  );
  const uploads = walletOf(settings.privateKey, provider);
  const signer = await provider.getSigner(await uploads.getAddress());
  const clients = await openClients({ provider, deployment, kvNodes: settings.kvNodes, signer, uploads });
  try {
    return await use({ ...clients, address: await signer.getAddress() });
  } finally {
    await clients.close();
    provider.destroy();
  }
}

async function askNode(
  url: string,
  { method, params }: { method: string; params?: unknown },
): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: params ?? [] });
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await answer.json()) as { result?: unknown; error?: object };
  if (error !== undefined) throw Object.assign(new Error("the node refused"), error);
  return result;
}
