import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { JsonRpcProvider } from "ethers";
import { anvilBinary, withoutHistory } from "../../../keepers/cli/devnet/chain.ts";
import { createProvider } from "../../../keepers/runtime/chain/provider.ts";

/** A real chain on loopback, for one suite. */
export interface TestChain {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  /** Changes without a block: keys, mining, reorgs; as the node's own methods name them. */
  rpc(method: string, ...params: unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** anvil on a free port; it dies with `stop`, or with this process. */
export async function startAnvil(...flags: string[]): Promise<TestChain> {
  const child = spawn(
    anvilBinary(),
    ["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka", ...withoutHistory, ...flags],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  const url = `http://${await listeningAddress(child)}`;
  const provider = await createProvider(url);
  return {
    url,
    provider,
    rpc: (method, ...params) => provider.send(method, params),
    async stop() {
      provider.destroy();
      process.off("exit", killAtExit);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** Hardhat's in-process network behind a JSON-RPC door of this process. */
export async function startHardhat(): Promise<TestChain> {
  const { network } = await import("hardhat");
  const server = await network.createServer("default", "127.0.0.1", 0);
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}`;
  const provider = await createProvider(url);
  return {
    url,
    provider,
    rpc: (method, ...params) => provider.send(method, params),
    async stop() {
      provider.destroy();
      await server.close();
    },
  };
}

async function listeningAddress(child: ChildProcess): Promise<string> {
  const output = child.stdout;
  if (output === null) throw new Error("anvil has no output");
  for await (const line of createInterface({ input: output })) {
    const found = /^Listening on (\S+)/.exec(line);
    if (found?.[1] === undefined) continue;
    output.resume();
    return found[1];
  }
  throw new Error(`anvil ended before it listened (${child.exitCode ?? child.signalCode})`);
}
