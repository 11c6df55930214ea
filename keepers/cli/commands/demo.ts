import { Command } from "commander";
import { globalsOf } from "./globals.ts";

export function demoCommand(): Command {
  return new Command("demo")
    .description("run the job alone, in a network of its own that is removed afterwards")
    .option("--keep", "leave the demo's network running and its data in place")
    .option("--rpc <url>", "use this chain instead of starting one (chain id 31337: anvil, a Hardhat node)")
    .addHelpText("after", "\nExamples:\n  $ mycelia demo\n  $ mycelia demo --json > result.json\n")
    .action(async (options: { keep?: boolean; rpc?: string }, command: Command) => {
      const { output } = globalsOf(command);
      const { runDemo } = await import("../demo/demo.ts");
      await runDemo({ output, keep: options.keep ?? false, rpcUrl: options.rpc });
    });
}

export function startCommand(): Command {
  return new Command("start")
    .description("bring everything up, run the job, and keep running until Ctrl-C")
    .addHelpText("after", "\nExample:\n  $ mycelia start\n")
    .action(async (_options: unknown, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { start } = await import("../demo/start.ts");
      await start({ output, dataDir });
    });
}
