import { Command } from "commander";
import { formatBytes } from "../terminal/progress.ts";
import { globalsOf } from "./globals.ts";

export function storageCommand(): Command {
  const storage = new Command("storage").description(
    "store files, erasure-coded over the storage nodes, and read them back",
  );
  storage
    .command("put <file>")
    .description("code a file over the committee and publish it in the log; prints its object root")
    .option("--no-publish", "only store; do not append to the log")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage put README.md\n  $ mycelia storage put model.onnx --json\n",
    )
    .action(async (file: string, options: { publish: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { putFile } = await import("../storage/put.ts");
      const stored = await putFile({ ...globals, file, publish: options.publish });
      output.result(stored, () => {
        output.line(stored.objectRoot);
        output.note(
          `${formatBytes(stored.size)} in ${stored.segments} segments, ${stored.state}: ${stored.slotsCovered} of 256 slots`,
        );
      });
    });
  storage
    .command("get <root>")
    .description("read an object back from any nodes that still have enough of it; every row is checked")
    .requiredOption("--out <file>", "where to write it; - for standard output")
    .addHelpText("after", "\nExample:\n  $ mycelia storage get 0x5d1f… --out copy.md\n")
    .action(async (root: string, options: { out: string }, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { getObject } = await import("../storage/get.ts");
      const read = await getObject({ ...globals, root, out: options.out });
      if (options.out === "-") return;
      output.result(read, () => output.line(`${formatBytes(read.size)} written to ${read.file}`));
      for (const { member, reason } of read.blamed) output.note(`node ${member} is to blame: ${reason}`);
    });
  storage
    .command("status")
    .description("show who holds which slots, how much lies there, and what storing costs")
    .addHelpText("after", "\nExamples:\n  $ mycelia storage status\n  $ mycelia storage status --json\n")
    .action(async (_options: unknown, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { readOverview, showOverview } = await import("../storage/overview.ts");
      const overview = await readOverview(dataDir);
      output.result(overview, () => showOverview(output, overview));
    });
  return storage;
}
