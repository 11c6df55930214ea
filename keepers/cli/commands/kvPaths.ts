import { type Command, Option } from "commander";
import { formatBytes } from "../terminal/progress.ts";
import { parseCount } from "./globals.ts";
import { collect, kvRequestOf } from "./kvRequest.ts";

/** Objects by their paths. */
export function addKvPathCommands(kv: Command): void {
  addPublish(kv);
  addResolve(kv);
}

interface PublishOptions {
  readonly months: number;
  readonly forEver?: boolean;
  readonly encrypt?: string;
}

function addPublish(kv: Command): void {
  kv.command("publish <file-or-dir> <path>")
    .description(
      "store a file or directory, and give it a path: log://<cluster>/<path>/<version>. The version becomes the path's latest",
    )
    .option("--months <number>", "months of 30 days to pay for", parseCount, 12)
    .addOption(new Option("--for-ever", "pay once, for ever").conflicts("months"))
    .option("--encrypt <key-file>", "encrypt under the key in this file, which is made when it is missing")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia kv publish digits.onnx log://cluster1/models/digits/v2\n  $ mycelia kv publish docs log://cluster1/docs/2026-11-30/\n",
    )
    .action(async (source: string, path: string, options: PublishOptions, command: Command) => {
      const request = kvRequestOf(command);
      const { output } = request;
      const { publishPath } = await import("../kv/publish.ts");
      const { forEver, encrypt } = options;
      const months = forEver === true ? 0 : options.months;
      const published = await publishPath({ ...request, source, path, months, ...(encrypt && { encrypt }) });
      output.result(published, () => {
        output.line(published.path);
        output.note(`object ${published.record.objectRoot}, version ${published.version} of the stream`);
      });
    });
}

interface ResolveOptions {
  readonly attester?: readonly string[];
  readonly out?: string;
  readonly decrypt?: string;
  readonly pay?: string;
}

function addResolve(kv: Command): void {
  kv.command("resolve <path-or-key>")
    .description(
      "find what a log:// path, or a key that leads to one, stands for; with --out also fetch it, checked against its root",
    )
    .option(
      "--attester <account>",
      "prove every key on the way against state roots that this account has attested; may be repeated",
      collect,
    )
    .option("--out <path>", "where to write the object; - for standard output")
    .option("--decrypt <key-file>", "decrypt with the key in this file")
    .option("--pay <myc>", "most to lock, MYC, for nodes that want to be paid")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia kv resolve log://cluster1/models/digits/latest\n  $ mycelia kv resolve AI_100 --attester 0x7099… --out model\n",
    )
    .action(async (what: string, options: ResolveOptions, command: Command) => {
      const request = kvRequestOf(command);
      const { output } = request;
      const { resolveAndRead } = await import("../kv/resolve.ts");
      const { attester = [], ...others } = options;
      const found = await resolveAndRead({ ...request, ...others, what, attesters: attester });
      for (const { member, reason } of found.read?.blamed ?? [])
        output.note(`node ${member} is to blame: ${reason}`);
      const word = found.proven ? "proven" : "not proven: as a node says";
      if (options.out === "-") return output.note(word);
      output.result(found, () => {
        const { record, path, read } = found;
        if (path !== undefined) output.line(path);
        output.line(`${record.kind} of ${formatBytes(record.size)}, object ${record.objectRoot}`);
        output.line(word);
        if (read !== undefined) output.line(`${formatBytes(read.size)} written to ${read.file}`);
      });
    });
}
