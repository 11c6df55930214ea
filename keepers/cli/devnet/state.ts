import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import type { ProcessRecord } from "./processes.ts";

/** What `up` remembers of the network it started, in <data dir>/network.json. */
export interface NetworkState {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly genesisHash: string;
  /** Path of the deployment file in use. */
  readonly deployment: string;
  /** Ports by process name, kept over restarts because endpoints stand on chain. */
  readonly ports: Readonly<Record<string, number>>;
  readonly processes: readonly ProcessRecord[];
}

function stateFile(dataDir: string): string {
  return join(dataDir, "network.json");
}

export function readNetwork(dataDir: string): NetworkState | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(dataDir), "utf8");
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as NetworkState;
  } catch (cause) {
    const path = stateFile(dataDir);
    throw new FatalError(
      "devnet/broken-state",
      `${path} is not JSON: remove it and run "mycelia up"`,
      { path },
      cause,
    );
  }
}

/** The network that must be up for a command to work. */
export function requireNetwork(dataDir: string): NetworkState {
  const state = readNetwork(dataDir);
  if (state === undefined) {
    throw new FatalError("devnet/not-up", `no network in ${dataDir}: run "mycelia up" first`, { dataDir });
  }
  return state;
}

/** Replaces the state as a whole, so that a reader or a crash never sees half of it. */
export function writeNetwork(dataDir: string, state: NetworkState): void {
  mkdirSync(dataDir, { recursive: true });
  const path = stateFile(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Adds or replaces one process by name. */
export function withProcess(state: NetworkState, record: ProcessRecord): NetworkState {
  const others = state.processes.filter(({ name }) => name !== record.name);
  return { ...state, processes: [...others, record] };
}
