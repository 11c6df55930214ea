import { join } from "node:path";
import type { Interface, JsonRpcProvider } from "ethers";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { checkDeployment, type Deployment } from "./chain/deployment.ts";
import { readDeployment } from "./chain/deploymentFile.ts";
import { createFollowers } from "./chain/followers.ts";
import { type ChainIdentity, identifyChain } from "./chain/identity.ts";
import { getMetrics as getChainMetrics } from "./chain/metrics.ts";
import { createProvider, redactRpcUrl } from "./chain/provider.ts";
import type { KeeperConfig } from "./config/keeper.ts";
import type { KeeperContext } from "./context.ts";
import { type Engines, openEngines } from "./engines.ts";
import { FatalError } from "./errors.ts";
import { bareHost } from "./http/addresses.ts";
import { createHttpClient } from "./http/client.ts";
import { freePort } from "./http/freePort.ts";
import { createServer } from "./http/server.ts";
import type { BlsSigner } from "./keys/blsKey.ts";
import type { KeySigner } from "./keys/signer.ts";
import type { Closers } from "./lifecycle/closers.ts";
import { lockDirectory } from "./lifecycle/directoryLock.ts";
import { createMetricsRegistry } from "./metrics/registry.ts";
import { openTransactionSender } from "./transactions/lane.ts";

export interface ContextOptions {
  /** This keeper among others in the same data directory; names its directory, logs and metrics. */
  readonly name: string;
  /** Of the program. */
  readonly version: string;
  readonly settings: Omit<KeeperConfig, "key" | "log">;
  readonly signer: KeySigner;
  readonly openBlsSigner: () => Promise<BlsSigner>;
  readonly logger: Logger;
  /** Takes the closer of everything that is opened, also when opening fails half-way. */
  readonly closers: Closers;
  readonly signal: AbortSignal;
  /** Contract interfaces whose custom errors name a revert. */
  readonly errors?: readonly Interface[];
}

/** A wired keeper. */
export interface RunningContext extends KeeperContext {
  /** Rejects when a follower has ended with an error, or another process has taken the keeper over; never resolves. */
  readonly failed: Promise<never>;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/i;

/**
 * Wires one keeper: opens its chain, directory, engines, transaction sender, HTTP client and server. The server does not
 * listen yet: roles add their routes first, then `serveUntilAborted` (lifecycle/serve.ts) opens it.
 * @throws FatalError keeper/bad-name, lifecycle/locked, http/exposed, chain/different-chain, deployment/…;
 * RetryableError chain/unreachable
 */
export async function createContext(options: ContextOptions): Promise<RunningContext> {
  const { settings, closers, signal, signer, openBlsSigner, logger } = options;
  const place = await openPlace(options);
  const { provider, deployment, identity, dataDir } = place;
  const failure = Promise.withResolvers<never>();
  // Whoever wired the keeper looks at it; until then a failure must not end the process behind its back.
  failure.promise.catch(() => undefined);
  const engines = await openState(options, place, failure.reject);
  const metrics = createMetricsRegistry({ name: options.name, version: options.version });
  const transactions = await openSender(options, place, engines.store);
  const http = createHttpClient({ allowPrivate: settings.network.allowPrivate });
  closers.add("HTTP client", () => http.close());
  const { server, publicUrl } = await openServer(options, metrics, identity);
  const follow = openFollowers(options, place, {
    store: engines.store,
    metrics,
    server,
    onFailure: failure.reject,
  });
  logger.info({ address: signer.address, chain: identity.directory, dataDir, publicUrl }, "keeper is wired");
  return {
    provider,
    chainId: identity.chainId,
    deployment,
    signer,
    openBlsSigner,
    transactions,
    ...engines,
    http,
    server,
    publicUrl,
    logger,
    metrics,
    closers,
    signal,
    dataDir,
    follow,
    failed: failure.promise,
  };
}

/** Where a keeper works: a chain, its contracts, and a directory for exactly these. */
interface Place {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly identity: ChainIdentity;
  readonly dataDir: string;
}

async function openPlace({ name, settings, closers, logger }: ContextOptions): Promise<Place> {
  if (!NAME.test(name)) {
    throw new FatalError(
      "keeper/bad-name",
      `"${name}" is no keeper name: use letters, digits and "-", at most 63`,
      {
        name,
      },
    );
  }
  const { rpcUrl, deploymentFile } = settings.chain;
  const deployment = await readDeployment(deploymentFile);
  const provider = await createProvider(rpcUrl);
  closers.add("chain provider", () => provider.destroy());
  const identity = await identifyChain(provider, deployment);
  await checkDeployment(provider, deployment);
  const dataDir = join(settings.dataDir, identity.directory, name);
  const lock = await lockDirectory(dataDir);
  closers.add("directory lock", () => lock.release());
  logger.debug({ rpc: redactRpcUrl(rpcUrl), ...identity }, "chain is known");
  return { provider, deployment, identity, dataDir };
}

function openState(
  options: ContextOptions,
  place: Place,
  onLost: (reason: unknown) => void,
): Promise<Engines> {
  const { settings, logger, closers, signal, name } = options;
  const keyspace = `${place.identity.directory}/${name}`;
  return openEngines({
    directory: place.dataDir,
    keyspace,
    redis: settings.redis,
    logger,
    closers,
    signal,
    onLost,
  });
}

async function openSender(options: ContextOptions, place: Place, store: KeeperContext["store"]) {
  const { signer, settings, logger, closers, errors = [] } = options;
  const sender = await openTransactionSender({
    provider: place.provider,
    signer,
    store: store.under(`transactions/${signer.address}/`),
    chainId: place.identity.chainId,
    confirmations: settings.chain.confirmations,
    pollMs: settings.chain.pollMs,
    errors,
    logger: logger.child({ sender: signer.address }),
  });
  closers.add("transaction sender", () => sender.close());
  return sender;
}

async function openServer(
  options: ContextOptions,
  metrics: Registry,
  identity: ChainIdentity,
): Promise<{ server: FastifyInstance; publicUrl: string }> {
  const { settings, name, logger, closers, signer, version } = options;
  const { host, port: wanted, publicUrl: given, ...limits } = settings.http;
  // Others are told the address before it is listened on, so it must be known now.
  const port = wanted === 0 ? await freePort(host) : wanted;
  const publicUrl = (given ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`).replace(
    /\/+$/,
    "",
  );
  const hostNames = [...limits.hostNames, bareHost(new URL(publicUrl).hostname)];
  const { chainId, genesisHash, deploymentHash } = identity;
  const status = async () => ({
    version,
    address: signer.address,
    publicUrl,
    chainId,
    genesisHash,
    deploymentHash,
  });
  const server = createServer({ ...limits, name, host, port, hostNames, status, metrics, logger });
  closers.add("HTTP server", () => server.close());
  return { server, publicUrl };
}

function openFollowers(
  { settings, signal, closers, logger }: ContextOptions,
  { provider, deployment }: Place,
  parts: Pick<KeeperContext, "store" | "metrics" | "server"> & { onFailure(error: unknown): void },
): KeeperContext["follow"] {
  const { confirmations, finality, pollMs } = settings.chain;
  return createFollowers({
    provider,
    store: parts.store,
    defaults: { confirmations, finality, pollMs, fromBlock: firstBlockOf(deployment) },
    signal,
    closers,
    logger,
    metrics: getChainMetrics(parts.metrics),
    probes: parts.server.probes,
    onFailure: parts.onFailure,
  });
}

/** Nothing that a keeper follows happened before its first contract stood. */
function firstBlockOf(deployment: Deployment): number {
  const blocks = Object.values(deployment.contracts).map(({ block }) => block);
  return blocks.length === 0 ? 0 : Math.min(...blocks);
}
