import type { Command } from "commander";
import { parseCount } from "./globals.ts";
import { collect, kvRequestOf, parseVersion } from "./kvRequest.ts";

/** What reads a stream. */
export function addKvReadCommands(kv: Command): void {
  addStream(kv);
  addGet(kv);
  addLs(kv);
  addStatus(kv);
  addBatch(kv);
  addForgeries(kv);
}

function addStream(kv: Command): void {
  kv.command("stream")
    .description("print the id of a stream of the key that acts")
    .option("--number <n>", "number that the key gives the stream", parseVersion, 0)
    .addHelpText("after", "\nExamples:\n  $ mycelia kv stream\n  $ mycelia kv stream --number 7\n")
    .action(async ({ number }: { readonly number: number }, command: Command) => {
      const request = kvRequestOf(command);
      const { ownStream } = await import("../kv/session.ts");
      const stream = await ownStream(request, number);
      request.output.result({ stream }, () => request.output.line(stream));
    });
}

interface GetOptions {
  readonly at?: number;
  readonly proof?: boolean;
  readonly attester?: readonly string[];
}

function addGet(kv: Command): void {
  kv.command("get <key>")
    .description("print what a key holds; exit code 1 when it holds nothing")
    .option(
      "--at <version>",
      "at this version of the stream (default: the newest that the node has)",
      parseVersion,
    )
    .option("--proof", "check it against a state root that somebody trusted has attested; needs --attester")
    .option(
      "--attester <account>",
      "account whose attested state roots are believed; may be repeated",
      collect,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia kv get colour\n  $ mycelia kv get colour --at 3\n  $ mycelia kv get colour --proof --attester 0x7099…\n",
    )
    .action(async (key: string, { at, proof, attester = [] }: GetOptions, command: Command) => {
      const request = kvRequestOf(command);
      const { output } = request;
      const { getValue, showValue } = await import("../kv/read.ts");
      const needed = proof === true && attester.length === 0;
      const version = at !== undefined && { at };
      const shown = await getValue({
        ...request,
        wanted: key,
        attesters: attester,
        needsTrust: needed,
        ...version,
      });
      output.result(shown, () => showValue(output, shown));
      if (!shown.found) process.exitCode = 1;
    });
}

interface LsOptions {
  readonly at?: number;
  readonly reverse?: boolean;
  readonly limit: number;
}

function addLs(kv: Command): void {
  kv.command("ls [prefix]")
    .description("list keys in their order, all at one version")
    .option(
      "--at <version>",
      "at this version of the stream (default: the newest that the node has)",
      parseVersion,
    )
    .option("--reverse", "from the last key to the first")
    .option("--limit <number>", "most keys", parseCount, 100)
    .addHelpText("after", "\nExamples:\n  $ mycelia kv ls\n  $ mycelia kv ls models/ --reverse --limit 5\n")
    .action(
      async (prefix: string | undefined, { reverse = false, ...options }: LsOptions, command: Command) => {
        const request = kvRequestOf(command);
        const { output } = request;
        const { listKeys, showPage } = await import("../kv/read.ts");
        const page = await listKeys({ ...request, ...options, reverse, prefix: prefix ?? "" });
        output.result(page, () => showPage(output, page));
      },
    );
}

function addStatus(kv: Command): void {
  kv.command("status")
    .description(
      "show where a stream is in the eyes of a node: its version, its state root, and what it waits for",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia kv status\n  $ mycelia kv status --stream 0x7099… --json\n",
    )
    .action(async (_options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { streamStatus } = await import("../kv/read.ts");
      const { showStatus, statusJson } = await import("../kv/show.ts");
      const status = await streamStatus(request);
      request.output.result(statusJson(status), () => showStatus(request.output, status));
    });
}

function addBatch(kv: Command): void {
  kv.command("batch <version>")
    .description("show what came of a batch: taken, refused and why, waiting, or its bytes are missing")
    .addHelpText("after", "\nExample:\n  $ mycelia kv batch 3\n")
    .action(async (version: string, _options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { batchStatus } = await import("../kv/read.ts");
      const { batchJson, showBatch } = await import("../kv/show.ts");
      const batch = await batchStatus(request, parseVersion(version));
      request.output.result(batchJson(batch), () => showBatch(request.output, batch));
    });
}

function addForgeries(kv: Command): void {
  kv.command("forgeries")
    .description("list what was brought for a stream without its writer's signature")
    .addHelpText("after", "\nExample:\n  $ mycelia kv forgeries\n")
    .action(async (_options: unknown, command: Command) => {
      const request = kvRequestOf(command);
      const { listForgeries } = await import("../kv/read.ts");
      const { forgeryJson, showForgeries } = await import("../kv/show.ts");
      const found = await listForgeries(request);
      request.output.result(found.map(forgeryJson), () => showForgeries(request.output, found));
    });
}
