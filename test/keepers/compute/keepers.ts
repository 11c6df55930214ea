import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Wallet } from "ethers";
import { type ProviderOptions, startProvider } from "../../../keepers/compute/provider.ts";
import { startVerifier, type VerifierOptions } from "../../../keepers/compute/verifier.ts";
import type { Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import { keeperSchema } from "../../../keepers/runtime/config/keeper.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { createContext } from "../../../keepers/runtime/createContext.ts";
import { freePort } from "../../../keepers/runtime/http/freePort.ts";
import { toJson } from "../../../keepers/runtime/http/problem.ts";
import { createMemoryBlsSigner } from "../../../keepers/runtime/keys/blsKey.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { createLogger, type LogLevel } from "../../../keepers/runtime/logging/logger.ts";
import { eventually } from "../runtime/temporary.ts";

/** What a keeper is opened with; plain data, so that it can be handed to another process. */
export interface KeeperSetup {
  readonly name: string;
  readonly privateKey: string;
  readonly rpcUrl: string;
  readonly deploymentFile: string;
  /** State of the same name in it is taken up again. */
  readonly directory: string;
  readonly port: number;
  /** Private ranges that may be fetched from. */
  readonly allowPrivate: readonly string[];
}

/** A keeper in this process, wired as in production. */
export interface TestKeeper {
  readonly setup: KeeperSetup;
  readonly context: KeeperContext;
  readonly url: string;
  stop(): Promise<void>;
}

const LEVEL = (process.env.TEST_LOG ?? "silent") as LogLevel;
const POLL_MS = 100;

interface Place {
  readonly chain: { readonly url: string };
  readonly deployment: Deployment;
  readonly directory: string;
}

export async function setupFor(name: string, wallet: Wallet, place: Place): Promise<KeeperSetup> {
  const { chain, deployment, directory } = place;
  const deploymentFile = join(directory, "deployment.json");
  writeFileSync(deploymentFile, toJson(deployment));
  const port = await freePort("127.0.0.1");
  const { privateKey } = wallet;
  return {
    name,
    privateKey,
    rpcUrl: chain.url,
    deploymentFile,
    directory,
    port,
    allowPrivate: ["127.0.0.0/8"],
  };
}

export async function openKeeper(setup: KeeperSetup): Promise<TestKeeper> {
  const { name, directory, rpcUrl, deploymentFile, port, allowPrivate } = setup;
  const stop = new AbortController();
  const logger = createLogger({ name, level: LEVEL });
  const closers = createClosers(logger);
  const settings = keeperSchema.omit({ key: true, log: true }).parse({
    dataDir: directory,
    chain: { rpcUrl, deploymentFile, confirmations: 0, pollMs: 50 },
    http: { port },
    network: { allowPrivate },
  });
  const signer = createMemorySigner(setup.privateKey);
  const openBlsSigner = async () => createMemoryBlsSigner();
  const options = {
    ...{ name, version: "test", settings, signer, openBlsSigner },
    ...{ logger, closers, signal: stop.signal },
  };
  const context = await createContext(options);
  return {
    setup,
    context,
    url: context.publicUrl,
    stop: async () => {
      stop.abort();
      await closers.closeAll();
    },
  };
}

export async function runProvider(setup: KeeperSetup, options: ProviderOptions): Promise<TestKeeper> {
  const keeper = await openKeeper(setup);
  await startProvider(keeper.context, { pollMs: POLL_MS, beaconGraceMs: 0, ...options });
  await keeper.context.server.serve();
  return keeper;
}

export async function runVerifier(setup: KeeperSetup, options: VerifierOptions): Promise<TestKeeper> {
  const keeper = await openKeeper(setup);
  await startVerifier(keeper.context, { pollMs: POLL_MS, ...options });
  await keeper.context.server.serve();
  return keeper;
}

/** Waits until a keeper says at /ready that it can do its work. */
export async function ready(url: string): Promise<void> {
  await eventually(`${url} is ready`, async () => (await saidAtReady(url)) === "", 60_000);
}

/** What a keeper still misses, in its own words; empty when it is ready. */
export async function saidAtReady(url: string): Promise<string> {
  const answer = await fetch(`${url}/ready`).catch(() => undefined);
  if (answer === undefined) return "no answer";
  return answer.ok ? "" : ((await answer.json()) as { detail: string }).detail;
}
