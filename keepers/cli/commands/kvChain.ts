import { Command } from "commander";
import type { ClusterOrder } from "../kv/cluster.ts";
import { kvRequestOf } from "./kvRequest.ts";

/** What stands on the chain besides writes of one's own: relayed writes, attested roots, names. */
export function addKvChainCommands(kv: Command): void {
  addRelay(kv);
  addAttest(kv);
  addCluster(kv);
}

function addRelay(kv: Command): void {
  kv.command("relay <file>")
    .description("announce what others have signed, and pay the gas for it")
    .addHelpText("after", "\nExample:\n  $ mycelia kv relay signed.json\n")
    .action(async (file: string, _options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { output } = request;
      const { relayFile } = await import("../kv/relay.ts");
      const taken = await relayFile(request, file);
      output.result(taken, () => {
        for (const { stream, version } of taken) output.line(`version ${version} of ${stream}`);
      });
    });
}

function addAttest(kv: Command): void {
  kv.command("attest")
    .description(
      "vouch on the chain for the state root that the node tells for its newest checkpoint; whoever trusts this key checks values against it",
    )
    .addHelpText("after", "\nExample:\n  $ mycelia kv attest --node http://127.0.0.1:7300\n")
    .action(async (_options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { output } = request;
      const { attestStream } = await import("../kv/attest.ts");
      const attested = await attestStream(request);
      output.result(attested, () =>
        output.line(`${attested.attester} vouches for ${attested.root} at version ${attested.version}`),
      );
    });
}

const CLUSTER_VERBS = [
  ["register", "take a free name for a stream"],
  ["retarget", "have a name of your own lead to another stream"],
  ["accept", "take a name that was offered to you"],
] as const;

function addCluster(kv: Command): void {
  const cluster = new Command("cluster").description("names of streams, for log:// paths");
  for (const [verb, says] of CLUSTER_VERBS)
    cluster
      .command(`${verb} <name>`)
      .description(says)
      .addHelpText("after", `\nExample:\n  $ mycelia kv cluster ${verb} cluster1\n`)
      .action((name: string, _options: unknown, command: Command) => change(command, name, { verb }));
  cluster
    .command("offer <name> [account]")
    .description("let an account take a name of your own; without an account nobody may any more")
    .addHelpText("after", "\nExample:\n  $ mycelia kv cluster offer cluster1 0x7099…\n")
    .action((name: string, account: string | undefined, _options: unknown, command: Command) =>
      change(command, name, { verb: "offer", ...(account !== undefined && { to: account }) }),
    );
  cluster
    .command("show <name>")
    .description("show who holds a name, and which stream it leads to")
    .addHelpText("after", "\nExample:\n  $ mycelia kv cluster show cluster1\n")
    .action(async (name: string, _options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { showCluster, showOne } = await import("../kv/cluster.ts");
      const found = await showCluster(request, name);
      request.output.result(found, () => showOne(request.output, found));
    });
  kv.addCommand(cluster);
}

async function change(command: Command, name: string, order: ClusterOrder): Promise<void> {
  const request = kvRequestOf(command);
  const { changeCluster, showOne } = await import("../kv/cluster.ts");
  const found = await changeCluster(request, name, order);
  request.output.result(found, () => showOne(request.output, found));
}
