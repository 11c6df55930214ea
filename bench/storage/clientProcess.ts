/**
 * A client in a process of its own, so that its time and memory are those of a client and of nothing else. It runs the
 * package as users import it: `node clientProcess.ts <order as JSON>`; prints a ClientReport as JSON.
 */
import { join } from "node:path";
import { JsonRpcProvider } from "ethers";
import type { HttpClient } from "../../keepers/runtime/http/exchange.ts";
import type { NodeSetup } from "../../test/keepers/storage/nodeContext.ts";
import { type Done, type Work, work } from "./clientWork.ts";
import { type MemoryPeaks, watchMemory } from "./memory.ts";

export type ClientOrder = Work & {
  readonly setup: NodeSetup;
  /** URL of the built package's entry. */
  readonly library: string;
};

export interface ClientReport extends Done {
  readonly seconds: number;
  /** Time of all threads in user and system mode, milliseconds. */
  readonly cpuMs: number;
  /** Resident size when the work began: the program, and nothing of the work. */
  readonly idleBytes: number;
  /** While it worked. */
  readonly peaks: MemoryPeaks;
  /** Bytes of request bodies and of answers' bodies. */
  readonly wireBytes: number;
  /** What it took to publish what was stored, where that was asked for; seconds. */
  readonly publishSeconds: number;
}

/** The same client, and the bytes of all bodies that it has sent and received. */
function counting(http: HttpClient) {
  const counter = {
    bytes: 0,
    request: async (...[url, request]: Parameters<HttpClient["request"]>) => {
      const answer = await http.request(url, request);
      counter.bytes += (request?.body?.length ?? 0) + answer.body.length;
      return answer;
    },
    close: () => http.close(),
  };
  return counter;
}

const order = JSON.parse(process.argv[2] ?? "{}") as ClientOrder;
const library = (await import(order.library)) as typeof import("../../keepers/index.ts");
library.letHeapGrow();
const { rpcUrl, deployment, privateKey, dataDir } = order.setup;
const { chainId } = deployment;
const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1 });
const signer = library.createMemorySigner(privateKey);
const store = library.openLmdbStore(join(dataDir, "store"));
const transactions = await library.openTransactionSender({
  ...{ provider, signer, chainId },
  store: store.under("transactions/"),
});
const http = counting(library.createHttpClient({ allowPrivate: ["127.0.0.0/8"] }));
const codec = await library.createCodec();
const { signal } = new AbortController();
const storage = library.createStorageClient({
  ...{ provider, chainId, deployment, signer, transactions, store, http, signal, codec },
});
const idleBytes = process.memoryUsage.rss();
const peaks = watchMemory();
const before = process.cpuUsage();
const started = performance.now();
const { stored, check, ...done } = await work(storage, order);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const measured = { seconds, cpuMs: (user + system) / 1000, idleBytes, peaks: peaks(), wireBytes: http.bytes };
const published = performance.now();
if (stored !== undefined) await storage.publish([stored]);
const publishSeconds = (performance.now() - published) / 1000;
await check?.();
const report: ClientReport = { ...done, ...measured, publishSeconds };
process.stdout.write(JSON.stringify(report));
await codec.close();
await http.close();
await transactions.close();
await store.close();
provider.destroy();
