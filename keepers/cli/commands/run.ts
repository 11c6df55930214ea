import { Command, Option } from "commander";
import type { RunOptions } from "../run/options.ts";
import { roleNames } from "../run/role.ts";
import { globalsOf } from "./globals.ts";

export function runCommand(): Command {
  return new Command("run")
    .description("run one keeper in the foreground, in one role")
    .addOption(new Option("--role <role>", "what this keeper does").choices([...roleNames]))
    .option("--config <file>", "JSON configuration; environment MYCELIA_… and flags override it")
    .option("--set <path=value...>", "override one value, for instance --set http.port=7300")
    .option("--print-config", "print the configuration with where each value comes from, and stop")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia run --role storage --config node.json\n  $ mycelia run --role verifier --config verifier.json --set chain.rpcUrl=http://127.0.0.1:8545\n",
    )
    .action(async (options: RunOptions, command: Command) => {
      const { output } = globalsOf(command);
      const { runKeeper } = await import("../run/runKeeper.ts");
      process.exitCode = await runKeeper(options, output);
    });
}
