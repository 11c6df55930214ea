import { join } from "node:path";
import { getBytes } from "ethers";
import pino from "pino";
import type { Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import { createFollowers } from "../../../keepers/runtime/chain/followers.ts";
import { getMetrics as getChainMetrics } from "../../../keepers/runtime/chain/metrics.ts";
import { createProvider } from "../../../keepers/runtime/chain/provider.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import { createServer, type ServerOptions } from "../../../keepers/runtime/http/server.ts";
import { createMemoryBlsSigner } from "../../../keepers/runtime/keys/blsKey.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { openEmbeddedLeases } from "../../../keepers/runtime/leases/embedded.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { createMetricsRegistry } from "../../../keepers/runtime/metrics/registry.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import { openLmdbEngine } from "../../../keepers/runtime/store/lmdbEngine.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";

export interface NodeSetup {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly privateKey: string;
  readonly port: number;
  readonly dataDir: string;
  /** Limits of the HTTP server, where they are other than its own. */
  readonly limits?: Pick<ServerOptions, "timeouts" | "maxConnections" | "maxConnectionsPerAddress">;
  /** Pause between two looks at the chain, milliseconds; short, so that tests don't wait. */
  readonly pollMs?: number;
}

/** A keeper's context out of the runtime's real parts, as the command line wires it. */
export async function openNodeContext(setup: NodeSetup): Promise<KeeperContext> {
  const { deployment, dataDir, port, pollMs = 50 } = setup;
  const { chainId } = deployment;
  const closers = createClosers();
  const logger = pino({ level: "silent" });
  const metrics = createMetricsRegistry({ name: "storage", version: "test" });
  const signer = createMemorySigner(setup.privateKey);
  const provider = await createProvider(setup.rpcUrl);
  closers.add("provider", () => provider.destroy());
  const store = openLmdbStore(join(dataDir, "store"));
  closers.add("store", () => store.close());
  const transactions = await openTransactionSender({
    provider,
    signer,
    chainId,
    store: store.under("transactions/"),
    pollMs,
  });
  closers.add("transactions", () => transactions.close());
  const http = createHttpClient({ allowPrivate: true });
  closers.add("http client", () => http.close());
  const server = createServer({ ...setup.limits, name: "storage", port, metrics, logger });
  const stop = new AbortController();
  const unused = (what: string) => () => {
    throw new Error(`a storage node uses no ${what}`);
  };
  return {
    ...{ provider, chainId, deployment, signer, transactions, store, http, server, logger, metrics, closers },
    openBlsSigner: async () => createMemoryBlsSigner(getBytes(setup.privateKey)),
    ...{ dataDir, publicUrl: `http://127.0.0.1:${port}`, signal: stop.signal },
    leases: openEmbeddedLeases(store),
    queue: unused("queue"),
    openEngine(name) {
      const engine = openLmdbEngine(join(dataDir, name));
      closers.add(name, () => engine.close());
      return engine;
    },
    follow: createFollowers({
      ...{ provider, store, closers, logger, signal: stop.signal, probes: server.probes },
      defaults: { fromBlock: 0, confirmations: 0, finality: 64, pollMs },
      metrics: getChainMetrics(metrics),
      onFailure: (error) => stop.abort(error),
    }),
  };
}
