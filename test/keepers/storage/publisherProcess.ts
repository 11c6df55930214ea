/** A publisher as a process of its own: `node --import=tsx publisherProcess.ts <setup as JSON>`; prints "ready" when it serves. */
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import type { Store } from "../../../keepers/runtime/store/store.ts";
import { type PublisherOptions, startPublisher } from "../../../keepers/storage/publisher.ts";
import { createDeath } from "../runtime/children/dieAround.ts";
import { type NodeSetup, openNodeContext } from "./nodeContext.ts";

/** What may be asked of a publisher beside its setup. */
export interface PublisherProcessOptions {
  readonly publisher: Pick<
    PublisherOptions,
    "writers" | "maxDelayMs" | "maxObjects" | "pollMs" | "confirmations"
  >;
  /** Where it kills itself: "OPERATION before|after N"; nowhere when absent. */
  readonly death?: string;
}

const setup = JSON.parse(process.argv[2] ?? "{}") as NodeSetup & {
  readonly options: PublisherProcessOptions;
};
const { publisher, death } = setup.options;
const context = await openNodeContext(setup);
await startPublisher(death === undefined ? context : mortal(context, death), publisher);
context.closers.add("server", () => context.server.close());
await context.server.serve();
process.stdout.write("ready\n");

/** Operations: "pack", "compose", "append", "draft", "settle", by what is written or sent. */
function mortal(context: KeeperContext, point: string): KeeperContext {
  const dieAround = createDeath(point);
  const { transactions } = context;
  return {
    ...context,
    store: mortalStore(context.store, dieAround),
    transactions: {
      address: transactions.address,
      send: (job, signal) =>
        dieAround(job.key.startsWith("storage/publish/") ? "append" : "other", () =>
          transactions.send(job, signal),
        ),
      knows: (key) => transactions.knows(key),
      close: () => transactions.close(),
    },
  };
}

function mortalStore(store: Store, dieAround: ReturnType<typeof createDeath>, path = ""): Store {
  return {
    get: (key) => store.get(key),
    put: (key, value) => dieAround(operationOf([path + key]), () => store.put(key, value)),
    delete: (key) => store.delete(key),
    batch: (writes) => dieAround(operationOf(writes.map(({ key }) => path + key)), () => store.batch(writes)),
    putIfAbsent: (key, value, also) => store.putIfAbsent(key, value, also),
    scan: (range) => store.scan(range),
    under: (prefix) => mortalStore(store.under(prefix), dieAround, path + prefix),
    close: () => store.close(),
  };
}

function operationOf(keys: readonly string[]): string {
  if (keys.some((key) => key.includes("composed/"))) return "compose";
  if (keys.some((key) => key.includes("settled/"))) return "settle";
  if (keys.some((key) => key.includes("open/"))) return keys.length === 1 ? "note" : "draft";
  if (keys.some((key) => key.includes("queue/"))) return "accept";
  return "other";
}
