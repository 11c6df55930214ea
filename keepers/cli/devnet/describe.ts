import { isRunning, type ProcessRecord } from "./processes.ts";
import { requireNetwork } from "./state.ts";

export interface ProcessView {
  readonly name: string;
  readonly role: string;
  readonly state: "ready" | "starting" | "dead";
  readonly pid: number;
  readonly url: string;
  readonly log: string;
}

export interface NetworkView {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly genesisHash: string;
  readonly deployment: string;
  /** Head of the chain; null when it does not answer. */
  readonly block: number | null;
  readonly processes: readonly ProcessView[];
}

async function headOf(rpcUrl: string): Promise<number | null> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  try {
    const response = await fetch(rpcUrl, { ...init, signal: AbortSignal.timeout(3_000) });
    const { result } = (await response.json()) as { result: string };
    return Number(result);
  } catch {
    return null;
  }
}

async function view(record: ProcessRecord): Promise<ProcessView> {
  const { name, role, pid, url, log } = record;
  if (!isRunning(record)) return { name, role, state: "dead", pid, url, log };
  if (role === "chain")
    return { name, role, state: (await headOf(url)) === null ? "starting" : "ready", pid, url, log };
  const ready = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  );
  return { name, role, state: ready ? "ready" : "starting", pid, url, log };
}

/** What is running of the network in a data directory. */
export async function describeNetwork(dataDir: string): Promise<NetworkView> {
  const { rpcUrl, chainId, genesisHash, deployment, processes } = requireNetwork(dataDir);
  const [block, views] = await Promise.all([headOf(rpcUrl), Promise.all(processes.map(view))]);
  return { rpcUrl, chainId, genesisHash, deployment, block, processes: views };
}
