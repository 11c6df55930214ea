/** A KV node as a process of its own: `node --import=tsx kvNodeProcess.ts <setup as JSON>`; prints "ready" when it serves. */
import { type KvNodeOptions, startKvNode } from "../../../../keepers/kv/node.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { Engine } from "../../../../keepers/runtime/store/engine.ts";
import { createDeath } from "../../runtime/children/dieAround.ts";
import { type NodeSetup, openNodeContext } from "../../storage/nodeContext.ts";

export interface KvNodeProcessOptions {
  readonly node: Pick<KvNodeOptions, "batchesAtOnce" | "maxPauseMs">;
  /** Where it kills itself: "commit before|after N"; nowhere when absent. */
  readonly death?: string;
}

const setup = JSON.parse(process.argv[2] ?? "{}") as NodeSetup & { readonly options: KvNodeProcessOptions };
const { node, death } = setup.options;
const context = await openNodeContext(setup);
await startKvNode(death === undefined ? context : mortal(context, death), node);
context.closers.add("server", () => context.server.close());
await context.server.serve();
process.stdout.write("ready\n");

/** Its engine kills the process around a commit. */
function mortal(context: KeeperContext, point: string): KeeperContext {
  const dieAround = createDeath(point);
  return {
    ...context,
    openEngine(name) {
      const engine = context.openEngine(name);
      return {
        get: (key) => engine.get(key),
        getMany: (keys) => engine.getMany(keys),
        page: (range) => engine.page(range),
        commit: (writes) => dieAround("commit", () => engine.commit(writes)),
        putIfAbsent: (key, value, also) => engine.putIfAbsent(key, value, also),
        close: () => engine.close(),
      } satisfies Engine;
    },
  };
}
