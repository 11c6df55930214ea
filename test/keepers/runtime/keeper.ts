import { pino } from "pino";
import { Registry } from "prom-client";
import { followChain } from "../../../keepers/runtime/chain/follow.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import type { KeySigner } from "../../../keepers/runtime/keys/signer.ts";
import { openEmbeddedLeases } from "../../../keepers/runtime/leases/embedded.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { openEmbeddedQueue } from "../../../keepers/runtime/queue/embedded.ts";
import { openLmdbStore } from "../../../keepers/runtime/store/lmdb.ts";
import { openTransactionSender } from "../../../keepers/runtime/transactions/lane.ts";
import type { TestChain } from "./chains.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The chain's half of a keeper's context, on the real engines; roles that only speak with the chain need no more. */
export type ChainKeeper = Omit<
  KeeperContext,
  "http" | "server" | "publicUrl" | "openBlsSigner" | "openEngine"
>;

export async function startChainKeeper(
  chain: TestChain,
  signer: KeySigner,
  contracts: Record<string, string>,
): Promise<{ context: ChainKeeper; stop(): Promise<void> }> {
  const dataDir = temporaryDirectory();
  const stop = new AbortController();
  const { provider } = chain;
  const store = openLmdbStore(dataDir);
  const logger = pino({ level: "silent" });
  const closers = createClosers(logger);
  const transactions = await openTransactionSender({
    provider,
    signer,
    store: store.under("transactions/"),
    chainId: 31_337,
    pollMs: 50,
  });
  const deployed = Object.entries(contracts).map(([name, address]) => [
    name,
    { address, codeHash: "", block: 0, transaction: "", arguments: [] },
  ]);
  const context: ChainKeeper = {
    provider,
    chainId: 31_337,
    deployment: { chainId: 31_337, contracts: Object.fromEntries(deployed) },
    signer,
    transactions,
    store,
    leases: openEmbeddedLeases(store),
    logger,
    metrics: new Registry(),
    closers,
    signal: stop.signal,
    dataDir,
    queue: (name, options) => openEmbeddedQueue(store, name, options),
    follow: (name, options, handler) =>
      followChain({
        provider,
        store: store.under(`follow/${name}/`),
        handler,
        logger,
        signal: stop.signal,
        options: { fromBlock: 0, confirmations: 0, finality: 8, pollMs: 20, ...options },
      }),
  };
  return {
    context,
    async stop() {
      stop.abort();
      await closers.closeAll();
      await transactions.close();
      await store.close();
    },
  };
}
