import { Command, Option } from "commander";
import { UsageError } from "../terminal/failure.ts";
import { formatBytes } from "../terminal/progress.ts";
import { globalsOf, parseCount } from "./globals.ts";
import { addStorageChainCommands } from "./storageChain.ts";

export function storageCommand(): Command {
  const storage = new Command("storage").description(
    "store files, erasure-coded over the storage nodes, and read them back",
  );
  addPut(storage);
  addGet(storage);
  addLs(storage);
  addStorageChainCommands(storage);
  return storage;
}

interface PutOptions {
  readonly publish: boolean;
  readonly months: number;
  readonly forEver?: boolean;
  readonly encrypt?: string;
}

function addPut(storage: Command): void {
  storage
    .command("put <path>")
    .description(
      "code a file, or all files of a directory, over the committees and publish them; prints the object root. Run again after a break, it goes on where it was",
    )
    .option("--months <number>", "months of 30 days to pay for", parseCount, 12)
    .addOption(new Option("--for-ever", "pay once, for ever").conflicts("months"))
    .option("--no-publish", "only store; do not append to the log")
    .option("--encrypt <key-file>", "encrypt under the key in this file, which is made when it is missing")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage put README.md\n  $ mycelia storage put docs --for-ever\n  $ mycelia storage put model.onnx --encrypt model.key --json\n",
    )
    .action(async (path: string, options: PutOptions, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { putFiles } = await import("../storage/put.ts");
      const { publish, encrypt, forEver } = options;
      const months = forEver === true ? 0 : options.months;
      const stored = await putFiles({ ...globals, path, publish, months, ...(encrypt && { encrypt }) });
      output.result(stored, () => {
        output.line(stored.objectRoot);
        output.note(
          `${formatBytes(stored.size)} in ${stored.segments} segments, ${formatBytes(stored.bytesSent)} sent; ${stored.state}: ${stored.slotsCovered} of 256 slots`,
        );
      });
    });
}

interface GetOptions {
  readonly out: string;
  readonly directory?: boolean;
  readonly range?: string;
  readonly decrypt?: string;
  readonly pay?: string;
}

function addGet(storage: Command): void {
  storage
    .command("get <root>")
    .description("read an object back from any nodes that still have enough of it; every row is checked")
    .requiredOption("--out <path>", "where to write it; - for standard output")
    .addOption(new Option("--directory", "write the files of a directory below the path").conflicts("range"))
    .option("--range <from-to>", "only these bytes, such as 0-1023; 1024- goes to the end")
    .option("--decrypt <key-file>", "decrypt with the key in this file")
    .option(
      "--pay <myc>",
      "most to lock, MYC, for nodes that want to be paid; what they don't earn comes back",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage get 0x5d1f… --out copy.md\n  $ mycelia storage get 0x5d1f… --out - --range 0-99\n  $ mycelia storage get 0x5d1f… --out copy.md --pay 2.5\n  $ mycelia storage get 0x77a0… --directory --out docs-copy\n",
    )
    .action(async (root: string, options: GetOptions, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { getObject } = await import("../storage/get.ts");
      const { showPayment } = await import("../storage/sessions.ts");
      const { out, directory = false, range, decrypt, pay } = options;
      const given = { ...(decrypt && { decrypt }), ...(pay !== undefined && { pay }) };
      const read = await getObject({ ...globals, root, out, directory, ...rangeOf(range), ...given });
      for (const { member, reason } of read.blamed) output.note(`node ${member} is to blame: ${reason}`);
      if (read.payment !== undefined) showPayment(output, read.payment);
      if (out === "-") return;
      output.result(read, () =>
        output.line(
          directory
            ? `${read.files} files, ${formatBytes(read.size)}, written to ${read.file}`
            : `${formatBytes(read.size)} written to ${read.file}`,
        ),
      );
    });
}

/** "from-to", both included, as in HTTP. */
function rangeOf(text = "0-"): { readonly offset: number; readonly length?: number } {
  const [, from, to] = /^(\d{1,15})-(\d{0,15})$/.exec(text) ?? [];
  if (from === undefined || (to !== "" && Number(to) < Number(from)))
    throw new UsageError(`"${text}" is no range of bytes, such as 0-1023 or 1024-`, { text });
  const offset = Number(from);
  return to === "" ? { offset } : { offset, length: Number(to) - offset + 1 };
}

function addLs(storage: Command): void {
  storage
    .command("ls [root]")
    .description("list what this key has stored from this machine, or the files of a stored directory")
    .option("--decrypt <key-file>", "decrypt the directory's list with the key in this file")
    .addHelpText("after", "\nExamples:\n  $ mycelia storage ls\n  $ mycelia storage ls 0x77a0… --json\n")
    .action(
      async (root: string | undefined, { decrypt }: { readonly decrypt?: string }, command: Command) => {
        const globals = globalsOf(command);
        const { output } = globals;
        const { listDirectory, listStored } = await import("../storage/list.ts");
        if (root !== undefined) {
          const files = await listDirectory({ ...globals, root, ...(decrypt && { decrypt }) });
          output.result(files, () =>
            output.table(
              ["path", "stored", "object root"],
              files.map(({ path, size, objectRoot }) => [path, formatBytes(size), objectRoot]),
            ),
          );
          return;
        }
        const stored = await listStored(globals);
        output.result(stored, () =>
          output.table(
            ["path", "size", "kind", "batches", "stored at", "object root"],
            stored.map(({ path, size, directory, encrypted, batches, at, objectRoot }) => [
              path,
              formatBytes(size),
              `${encrypted ? "encrypted " : ""}${directory ? "directory" : "file"}`,
              batches.length === 0 ? "not published" : batches.join(", "),
              new Date(at).toISOString().slice(0, 16).replace("T", " "),
              objectRoot,
            ]),
          ),
        );
      },
    );
}
