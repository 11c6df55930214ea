import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { JsonRpcProvider } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { takePort } from "./ports.ts";
import { isRunning, type LaunchOptions, launch } from "./processes.ts";
import { waitForChain } from "./ready.ts";
import { type NetworkState, readNetwork, withProcess } from "./state.ts";

export const devnetChainId = 31_337;

/** Path of the native anvil that npm installed (not its wrapper script, which would outlive a kill). */
export function anvilBinary(): string {
  const machine = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  const name = `@foundry-rs/anvil-${process.platform}-${machine}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
  } catch (cause) {
    throw new FatalError(
      "devnet/no-anvil",
      `no ${name} installed: use --rpc with a chain of your own`,
      { name },
      cause,
    );
  }
}

/** Else anvil writes the state of old blocks to ~/.foundry: gigabytes that nobody reads, left there when it is killed. */
export const withoutHistory: readonly string[] = ["--max-persisted-states", "0"];

/** anvil on loopback, its state kept in a file (written every two seconds and at exit), its blocks mined at once. */
export function chainLaunch(port: number, stateFile: string, log: string): LaunchOptions {
  const options = {
    host: "127.0.0.1",
    port: String(port),
    "chain-id": String(devnetChainId),
    accounts: "10",
    balance: "1000000",
    state: stateFile,
    "state-interval": "2",
    "gas-limit": "60000000",
    hardfork: "osaka",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const command = [anvilBinary(), ...flags, ...withoutHistory, "--silent"];
  return { name: "chain", role: "chain", url: `http://127.0.0.1:${port}`, log, command };
}

export interface ChainStart {
  readonly state: NetworkState;
  /** What a person should know: resumed, new chain. */
  readonly note: string;
}

const firstPort = 8545;
const readyLimitMs = 20_000;

/** Starts or resumes the devnet's chain, or looks at the one named; a chain that is really new starts a fresh state. */
export async function startChain(
  dataDir: string,
  rpcUrl: string | undefined,
  signal: AbortSignal,
): Promise<ChainStart> {
  const known = readNetwork(dataDir);
  const running = known?.processes.find((record) => record.role === "chain" && isRunning(record));
  const url = rpcUrl ?? running?.url;
  if (url !== undefined) return await identify(url, known);
  const port = await takePort(known?.ports.chain ?? firstPort, new Set());
  const directory = join(dataDir, "chain");
  mkdirSync(directory, { recursive: true });
  const record = launch(chainLaunch(port, join(directory, "state.json"), join(dataDir, "logs", "chain.log")));
  await waitForChain(record, readyLimitMs, signal);
  const { state, note } = await identify(record.url, known);
  return { state: withProcess({ ...state, ports: { ...state.ports, chain: port } }, record), note };
}

async function identify(rpcUrl: string, known: NetworkState | undefined): Promise<ChainStart> {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true });
  try {
    const [network, genesis] = await Promise.all([provider.getNetwork(), provider.getBlock(0)]);
    const chainId = Number(network.chainId);
    const genesisHash = genesis?.hash ?? "";
    if (known?.genesisHash === genesisHash) return { state: { ...known, rpcUrl }, note: ", resumed" };
    const processes = (known?.processes ?? []).filter(({ role }) => role === "chain");
    const state = { rpcUrl, chainId, genesisHash, deployment: "", ports: known?.ports ?? {}, processes };
    return { state, note: known === undefined ? "" : ", a new chain: fresh state" };
  } catch (cause) {
    throw new FatalError("devnet/no-chain-there", `no JSON-RPC answer at ${rpcUrl}`, { rpcUrl }, cause);
  } finally {
    provider.destroy();
  }
}
