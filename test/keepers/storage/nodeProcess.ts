/** A storage node as a process of its own: `node --import=tsx nodeProcess.ts <setup as JSON>`; prints "ready" when it serves. */
import { heapGrowth, letHeapGrow } from "../../../keepers/runtime/lifecycle/heap.ts";
import { type StorageNodeOptions, startStorageNode } from "../../../keepers/storage/node.ts";
import { type NodeSetup, openNodeContext } from "./nodeContext.ts";

/** What may be asked of a node beside its setup. */
export type NodeProcessOptions = Partial<
  Pick<
    StorageNodeOptions,
    | "quotaBytes"
    | "reserveBytes"
    | "bucket"
    | "creditBytesPerSigner"
    | "repair"
    | "presence"
    | "openReads"
    | "readClaims"
    | "maxUploads"
    | "maxReads"
    | "graceMs"
  >
>;

const setup = JSON.parse(process.argv[2] ?? "{}") as NodeSetup & { readonly options: NodeProcessOptions };
// As `serveRole` and `installSignals` do for a keeper.
letHeapGrow(heapGrowth.keeper);
process.on("SIGXFSZ", () => undefined);
const context = await openNodeContext(setup);
await startStorageNode(context, {
  quotaBytes: 256 * 1024 * 1024,
  creditBytesPerSigner: 1024 ** 3,
  register: true,
  repair: false,
  presence: false,
  drop: false,
  ...setup.options,
});
context.closers.add("server", () => context.server.close());
await context.server.serve();
process.stdout.write("ready\n");
