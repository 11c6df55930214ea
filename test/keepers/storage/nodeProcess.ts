/** A storage node as a process of its own: `node --import=tsx nodeProcess.ts <setup as JSON>`; prints "ready" when it serves. */
import { startStorageNode } from "../../../keepers/storage/node.ts";
import { type NodeSetup, openNodeContext } from "./nodeContext.ts";

const setup = JSON.parse(process.argv[2] ?? "{}") as NodeSetup & { quotaBytes: number };
const context = await openNodeContext(setup);
await startStorageNode(context, { quotaBytes: setup.quotaBytes, register: true });
context.closers.add("server", () => context.server.close());
await context.server.serve();
process.stdout.write("ready\n");
