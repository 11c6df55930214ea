import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import { importKey, keyFile, WEAK_SCRYPT } from "../../runtime/keys/keystore.ts";
import { cliCommand } from "../paths.ts";
import { toJson } from "../terminal/output.ts";
import { devnetWallet } from "./accounts.ts";
import type { Part } from "./cast.ts";
import type { LaunchOptions } from "./processes.ts";
import type { NetworkState } from "./state.ts";

/** Guards nothing: the devnet's keys come from a mnemonic that everybody knows. */
const devnetPassword = "devnet";

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
  const key = await ensureKey(dataDir, part);
  const directory = join(dataDir, "keepers");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${part.name}.json`);
  writeFileSync(file, `${toJson(configuration(request, key), 2)}\n`);
  const command = [...(request.command ?? cliCommand("run")), "--config", file];
  return { name: part.name, role: part.role, url: `http://127.0.0.1:${port}`, log, command };
}

interface KeyFiles {
  readonly file: string;
  readonly passwordFile: string;
}

async function ensureKey(dataDir: string, part: Part): Promise<KeyFiles> {
  const directory = join(dataDir, "keys");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const passwordFile = join(directory, "devnet.password");
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, devnetPassword, { mode: 0o600 });
    chmodSync(passwordFile, 0o600);
  }
  const file = keyFile(dataDir, part.name);
  if (!existsSync(file)) {
    const { privateKey } = devnetWallet(part.party, part.number);
    await importKey(dataDir, part.name, privateKey, passwordFile, WEAK_SCRYPT);
  }
  return { file, passwordFile };
}

function configuration(request: KeeperLaunch, key: KeyFiles): Record<string, unknown> {
  const { dataDir, state, part, port } = request;
  if (state.deployment === "") throw new FatalError("devnet/no-deployment", "contracts come before keepers");
  return {
    role: part.role,
    name: part.name,
    dataDir: join(dataDir, "state"),
    key,
    chain: { rpcUrl: state.rpcUrl, deploymentFile: state.deployment, confirmations: 0, pollMs: 200 },
    http: { port, publicUrl: `http://127.0.0.1:${port}` },
    network: { allowPrivate: ["127.0.0.0/8"] },
    ...(request.settings === undefined ? {} : { [part.role]: request.settings }),
  };
}
