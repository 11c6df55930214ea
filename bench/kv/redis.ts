import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../keepers/runtime/http/freePort.ts";

/** A Redis of the bench's own; undefined where none is installed. */
export async function startRedis(): Promise<{ readonly url: string; stop(): Promise<void> } | undefined> {
  const directory = mkdtempSync(join(tmpdir(), "kv-bench-redis-"));
  const port = await freePort("127.0.0.1");
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const child = spawn("redis-server", [...settings, "--appendonly", "yes", "--appendfsync", "always"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill()) await once(child, "exit");
    rmSync(directory, { recursive: true, force: true });
  };
  if (await isReady(child)) return { url: `redis://127.0.0.1:${port}`, stop };
  await stop();
  return undefined;
}

async function isReady(child: ChildProcess): Promise<boolean> {
  const failed = once(child, "error").then(() => false);
  const said = (async () => {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (!line.includes("Ready to accept connections")) continue;
      child.stdout!.resume();
      return true;
    }
    return false;
  })();
  return await Promise.race([failed, said]);
}
