import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { JsonRpcProvider } from "ethers";
import { anvilBinary, withoutHistory } from "../../../keepers/cli/devnet/chain.ts";

/** A chain of its own process, for what Hardhat's network can't do. */
export interface Anvil {
  readonly provider: JsonRpcProvider;
  stop(): Promise<void>;
}

/**
 * Starts anvil at Prague on a free loopback port; the caller stops it. Throws when it exits before it listens.
 * @param number of the first block
 */
export async function startAnvil(number: number): Promise<Anvil> {
  const own = ["--host", "127.0.0.1", "--port", "0", "--hardfork", "prague", "--number", String(number)];
  const flags = [...own, ...withoutHistory];
  const child = spawn(anvilBinary(), flags, { stdio: ["ignore", "pipe", "ignore"] });
  const url = await listeningUrl(child);
  const provider = new JsonRpcProvider(url, 31_337, { cacheTimeout: -1, staticNetwork: true });
  provider.pollingInterval = 20;
  return {
    provider,
    async stop() {
      if (child.kill("SIGKILL")) await once(child, "exit");
      provider.destroy();
    },
  };
}

/** Goes on reading what anvil prints after that line, or a full pipe would stop it. */
function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`anvil ended with ${code} before it listened`)));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (printed.length < 65_536) printed += text;
      const address = /^Listening on (127\.0\.0\.1:\d+)\s/m.exec(printed)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });
}
