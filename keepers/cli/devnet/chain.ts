import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FatalError } from "../../runtime/errors.ts";
import type { LaunchOptions } from "./processes.ts";

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

/** anvil on loopback, its state kept in a file (written every second and at exit), its blocks mined at once. */
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
  const command = [anvilBinary(), ...flags, "--silent"];
  return { name: "chain", role: "chain", url: `http://127.0.0.1:${port}`, log, command };
}
