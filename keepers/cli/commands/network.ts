import { Command } from "commander";
import { globalsOf, parseMoney } from "./globals.ts";

interface UpOptions {
  readonly rpc?: string;
  readonly ether?: string;
  readonly myc?: string;
}

/** What each keeper is funded with, where the command line says. */
function endowmentOf({ ether, myc }: UpOptions): { endowment?: { ether: bigint; myc: bigint } } {
  if (ether === undefined && myc === undefined) return {};
  return { endowment: { ether: parseMoney(ether ?? "50"), myc: parseMoney(myc ?? "20000") } };
}

/** Prints the running processes of a network. */
export async function printNetwork(command: Command): Promise<void> {
  const { output, dataDir } = globalsOf(command);
  const { describeNetwork } = await import("../devnet/describe.ts");
  const network = await describeNetwork(dataDir);
  output.result(network, () => {
    output.line(`chain ${network.chainId} at ${network.rpcUrl}, block ${network.block ?? "unreachable"}`);
    output.table(
      ["process", "state", "pid", "url"],
      network.processes.map(({ name, state, pid, url }) => [name, state, String(pid), url]),
    );
    output.line(`state and logs: ${dataDir}`);
  });
  if (network.processes.some(({ state }) => state !== "ready")) process.exitCode = 1;
}

export function upCommand(): Command {
  return new Command("up")
    .description("bring up a chain, the contracts and the keepers as background processes; again: resume")
    .option("--rpc <url>", "use this chain instead of starting one (a Hardhat node, geth, a public chain)")
    .option("--ether <amount>", "ether that each keeper is funded with (default: 50)")
    .option("--myc <amount>", "MYC that each keeper is funded with (default: 20000)")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia up\n  $ mycelia up --rpc http://127.0.0.1:8545\n" +
        "  $ mycelia up --rpc https://rpc.example --key deployer --password-file ./password --ether 0.05\n" +
        "\nOn any chain but the devnet's the named key deploys (with the devnet's settings) and funds; the keepers' keys\n" +
        "are made at random and kept, encrypted, under chains/<chain id>/ in the data directory.\n",
    )
    .action(async (options: UpOptions, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { bringUp } = await import("../devnet/up.ts");
      const { installSignals } = await import("../../runtime/lifecycle/signals.ts");
      const { signal, dispose } = installSignals();
      try {
        await bringUp({
          ...globals,
          signal,
          ...endowmentOf(options),
          ...(options.rpc === undefined ? {} : { rpcUrl: options.rpc }),
        });
      } finally {
        dispose();
        if (signal.aborted)
          output.note('cut off: "mycelia up" goes on from here, "mycelia down" stops what runs');
      }
      await printNetwork(command);
    });
}

export function downCommand(): Command {
  return new Command("down")
    .description("stop the keepers and the chain; their state is kept for the next up")
    .option("--purge", "also delete the data directory's network state: chain, keys, stores, logs")
    .addHelpText("after", "\nExamples:\n  $ mycelia down\n  $ mycelia down --purge\n")
    .action(async (options: { purge?: boolean }, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { bringDown } = await import("../devnet/down.ts");
      const stopped = await bringDown(dataDir, options.purge ?? false);
      output.result({ stopped }, () => output.line(`stopped ${stopped.length} processes`));
    });
}

export function statusCommand(): Command {
  return new Command("status")
    .description("show what is running; exit code 1 when something is not ready")
    .addHelpText("after", "\nExamples:\n  $ mycelia status\n  $ mycelia status --json\n")
    .action(async (_options: unknown, command: Command) => await printNetwork(command));
}
