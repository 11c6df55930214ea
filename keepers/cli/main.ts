import { Command, CommanderError } from "commander";
import { letHeapGrow } from "../runtime/lifecycle/heap.ts";
import { computeCommand } from "./commands/compute.ts";
import { demoCommand, startCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { keysCommand } from "./commands/keys.ts";
import { kvCommand } from "./commands/kv.ts";
import { downCommand, statusCommand, upCommand } from "./commands/network.ts";
import { runCommand } from "./commands/run.ts";
import { storageCommand } from "./commands/storage.ts";
import { packageVersion } from "./paths.ts";
import { reportFailure } from "./terminal/failure.ts";
import { createOutput } from "./terminal/output.ts";

function createProgram(): Command {
  const program = new Command("mycelia")
    .description("An AI network on any EVM chain: storage, compute and the keepers that serve them.")
    .version(packageVersion())
    .option("--json", "print one JSON value instead of text")
    .option("--verbose", "print stack traces of errors")
    .option("--data-dir <dir>", "where all state lives (default: .mycelia; env MYCELIA_DATA_DIR)")
    .option("--key <name>", "act with this key of the data directory (see keys) instead of a managed one")
    .option("--password-file <file>", "file with that key's password, mode 0600")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(add --help for what is possible)")
    .exitOverride();
  const commands = [
    startCommand(),
    upCommand(),
    downCommand(),
    statusCommand(),
    demoCommand(),
    runCommand(),
    storageCommand(),
    kvCommand(),
    computeCommand(),
    keysCommand(),
    doctorCommand(),
  ];
  for (const command of commands) {
    program.addCommand(command);
    inheritSettings(command, program);
  }
  return program;
}

/** Sub-commands made apart from the program do not inherit its settings by themselves. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
    await createProgram().parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, createOutput(json), argv.includes("--verbose"));
  }
}

letHeapGrow();
const exitCode = await main(process.argv);
// Output that a pipe has not taken yet is flushed before the process ends.
process.exitCode = exitCode;
if (process.stdout.writableLength === 0) process.exit(exitCode);
process.stdout.once("drain", () => process.exit(exitCode));
