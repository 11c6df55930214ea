import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { Redis } from "ioredis";
import { connectRedis, disconnectRedis } from "../../../keepers/runtime/redis/connection.ts";
import { temporaryDirectory } from "./temporary.ts";

/** A Redis of our own on loopback, which keeps an append-only file in a directory of its own. */
export interface RedisServer {
  readonly url: string;
  /** As a machine that loses power would: nothing is said, nothing is flushed. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export function hasRedis(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/**
 * Makes a suite's tests skip, saying so, where redis-server is not installed; in CI they fail instead.
 * Call it first in `before`.
 */
export function requireRedis(context: Mocha.Context): void {
  if (hasRedis()) return;
  const word = "redis-server is not installed: apt-get install redis-server";
  if (process.env.CI === "true") throw new Error(word);
  console.log(`      skipped: ${word}`);
  context.skip();
}

/** A Redis for the suite that calls this, which is skipped where there is none. @returns how its tests get the connection */
export function useRedis(): () => Redis {
  let server: RedisServer | undefined;
  let redis: Redis | undefined;
  before(async function () {
    requireRedis(this);
    server = await startRedis();
    redis = await connectRedis({ url: server.url });
  });
  after(async () => {
    if (redis !== undefined) await disconnectRedis(redis);
    await server?.stop();
  });
  return () => redis!;
}

export async function startRedis(...flags: string[]): Promise<RedisServer> {
  const port = await freePort();
  const directory = temporaryDirectory();
  let child = await launch(port, directory, flags);
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async restart() {
      child = await launch(port, directory, flags);
    },
    async stop() {
      await kill();
      process.off("exit", killAtExit);
    },
  };
}

async function launch(port: number, directory: string, flags: readonly string[]): Promise<ChildProcess> {
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const child = spawn(
    "redis-server",
    [...settings, "--appendonly", "yes", "--appendfsync", "always", ...flags],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes("Ready to accept connections")) continue;
    child.stdout.resume();
    return child;
  }
  throw new Error("redis-server ended before it was ready");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
