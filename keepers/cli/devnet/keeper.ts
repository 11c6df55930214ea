import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import { cliCommand } from "../paths.ts";
import { toJson } from "../terminal/output.ts";
import type { Part } from "./cast.ts";
import { devnetChainId } from "./chain.ts";
import { ensureKey } from "./keyring.ts";
import type { LaunchOptions } from "./processes.ts";
import type { NetworkState } from "./state.ts";

export interface KeeperLaunch {
  readonly dataDir: string;
  readonly state: NetworkState;
  readonly part: Part;
  readonly port: number;
  readonly log: string;
  /** The role's own section of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Program and arguments instead of `mycelia run`, for keepers that are not ours. */
  readonly command?: readonly string[];
}

/** Writes a keeper's key and configuration, and says how to start it. */
export async function keeperLaunch(request: KeeperLaunch): Promise<LaunchOptions> {
  const { dataDir, part, port, log } = request;
  const { file: keystore, passwordFile } = await ensureKey(dataDir, request.state.chainId, part);
  const directory = join(dataDir, "keepers");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${part.name}.json`);
  writeFileSync(file, `${toJson(configuration(request, { file: keystore, passwordFile }), 2)}\n`);
  const command = [...(request.command ?? cliCommand("run")), "--config", file];
  return { name: part.name, role: part.role, url: `http://127.0.0.1:${port}`, log, command };
}

/** These keepers are reached from this machine alone, whose people may store before they have bonded anything. */
const ownSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  storage: { creditBytesPerSigner: 1024 ** 3 },
};

/** A devnet makes a block for a transaction and no others: what is written there can be attested at once. */
const devnetSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kv: { windowBlocks: 1 },
};

function configuration(
  request: KeeperLaunch,
  key: { readonly file: string; readonly passwordFile: string },
): Record<string, unknown> {
  const { dataDir, state, part, port } = request;
  if (state.deployment === "") throw new FatalError("devnet/no-deployment", "contracts come before keepers");
  const local = state.chainId === devnetChainId;
  const settings = request.settings ?? { ...ownSettings[part.role], ...(local && devnetSettings[part.role]) };
  return {
    role: part.role,
    name: part.name,
    dataDir: join(dataDir, "state"),
    key,
    chain: {
      rpcUrl: state.rpcUrl,
      deploymentFile: state.deployment,
      ...(local ? { confirmations: 0, pollMs: 200 } : {}),
    },
    // What is tried out is a page that this machine serves, from some port.
    http: { port, publicUrl: `http://127.0.0.1:${port}`, origins: ["loopback"] },
    network: { allowPrivate: ["127.0.0.0/8"] },
    ...{ [part.role]: settings },
  };
}
