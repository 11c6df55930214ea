import { Command } from "commander";
import { globalsOf } from "./globals.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check this machine and the network's state, and say what to do about what is wrong")
    .addHelpText("after", "\nExamples:\n  $ mycelia doctor\n  $ mycelia doctor --json\n")
    .action(async (_options: unknown, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { examine } = await import("../doctor.ts");
      const findings = await examine(dataDir);
      output.result(findings, () =>
        output.table(
          ["check", "", "found", "what to do"],
          findings.map(({ check, ok, found, advice }) => [check, ok ? "ok" : "!!", found, ok ? "" : advice]),
        ),
      );
      if (findings.some(({ ok, required }) => required && !ok)) process.exitCode = 1;
    });
}
