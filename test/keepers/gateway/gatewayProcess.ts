/** A gateway as a process of its own: `node --import=tsx gatewayProcess.ts <setup as JSON>`; prints "ready" when it serves. */
import { type GatewayOptions, startGateway } from "../../../keepers/gateway/gateway.ts";
import { type NodeSetup, openNodeContext } from "../storage/nodeContext.ts";

export type GatewayProcessOptions = Omit<GatewayOptions, "codec" | "now">;

const setup = JSON.parse(process.argv[2] ?? "{}") as NodeSetup & { readonly options: GatewayProcessOptions };
const context = await openNodeContext(setup);
await startGateway(context, setup.options);
context.closers.add("server", () => context.server.close());
await context.server.serve();
process.stdout.write("ready\n");
