import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { importKey, keyFile, WEAK_SCRYPT } from "../../keepers/runtime/keys/keystore.ts";
import { accountKey, freePort, type StorageNetwork, toJson } from "../../test/keepers/storage/network.ts";
import { nodeEnvironment, nodeOptions } from "../storage/network.ts";
import { cpuMs, peakBytes } from "../storage/processes.ts";

/** Account of the gateway. */
const account = 31;
const startMs = 60_000;
const spoolShare = 2;
const program = fileURLToPath(new URL("../../dist/keepers/cli/main.js", import.meta.url));

export const accessKey = { id: "bench", secret: "secret-of-the-benchmark" };

/** The built command as an operator runs it, in the role of a gateway. */
export class BenchGateway {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.endpoint = `${url}/s3`;
  }

  /** @param bytes of the largest object */
  static async start(network: StorageNetwork, bytes: number): Promise<BenchGateway> {
    await network.fund(account);
    const { dataDir: directory } = await network.setup(account, 0, "gateway");
    await mkdir(directory, { recursive: true });
    const file = await writeConfiguration(network, directory, bytes);
    const words = [...nodeOptions, program, "run", "--config", file.path];
    const child = spawn(process.execPath, words, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...withoutSettings(process.env), ...nodeEnvironment },
    });
    const ended = once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`the gateway ended with ${code}`)),
    );
    ended.catch(() => undefined);
    const url = `http://127.0.0.1:${file.port}`;
    await Promise.race([ended, untilReady(url)]);
    return new BenchGateway(child, url);
  }

  /** Time that it has had so far, milliseconds. */
  cpuMs(): number {
    return cpuMs(this.#child.pid!);
  }

  /** Largest resident size that it has had, bytes. */
  peakBytes(): number {
    return peakBytes(this.#child.pid!);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

/** A keeper takes variables of our name for its settings. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("MYCELIA_")));
}

async function writeConfiguration(network: StorageNetwork, directory: string, bytes: number) {
  const place = (name: string) => join(directory, name);
  await writeFile(place("password"), "password-of-the-benchmark", { mode: 0o600 });
  await importKey(directory, "gateway", accountKey(account), place("password"), WEAK_SCRYPT);
  const grants = [{ bucket: "*", rights: ["read", "write"] }];
  await writeFile(place("access.json"), toJson({ keys: [{ ...accessKey, grants }] }), { mode: 0o600 });
  await writeFile(place("deployment.json"), toJson(network.deployment));
  const port = await freePort();
  const configuration = {
    role: "gateway",
    dataDir: place("state"),
    log: { level: "warn", format: "json" },
    key: { file: keyFile(directory, "gateway"), passwordFile: place("password") },
    chain: { rpcUrl: network.chain.url, deploymentFile: place("deployment.json"), confirmations: 0 },
    http: { port },
    network: { allowPrivate: ["127.0.0.0/8"] },
    gateway: { credentialsFile: place("access.json"), spoolBytes: spoolShare * bytes },
  };
  await writeFile(place("gateway.json"), toJson(configuration));
  return { path: place("gateway.json"), port };
}

async function untilReady(url: string): Promise<void> {
  const end = Date.now() + startMs;
  while (Date.now() < end) {
    const isReady = await fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  throw new Error("the gateway does not become ready");
}
