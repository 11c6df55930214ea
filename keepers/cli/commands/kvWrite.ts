import { Command } from "commander";
import type { Change } from "../../kv/client/kvTypes.ts";
import { type ControlVerb, controlOf, controlVerbs } from "../kv/controls.ts";
import type { KvRequest } from "../kv/session.ts";
import { kvRequestOf, parseVersion } from "./kvRequest.ts";

/** What is done with a change once its verb has made it. */
type Finish = (request: KvRequest, change: Change, command: Command) => Promise<void>;

/** Verbs that write to the stream, and wait until a node has judged that. */
export function addKvWriteCommands(kv: Command): void {
  addVerbs(kv, "kv", async (request, change) => {
    const { output } = request;
    const { writeChange } = await import("../kv/write.ts");
    const taken = await writeChange(request, change);
    output.result(taken, () => output.line(`version ${taken.version}`));
  });
}

/** The same verbs, signed for a relay instead of sent. */
export function addKvSignCommands(kv: Command): void {
  const sign = new Command("sign")
    .description("sign a write for a relay: its bytes are stored, and anybody may announce it (see relay)")
    .option("--out <file>", "where to write what is signed (default: standard output)");
  addVerbs(sign, "kv sign", async (request, change, command) => {
    const { out } = command.optsWithGlobals<{ readonly out?: string }>();
    const { signChange, writeSigned } = await import("../kv/relay.ts");
    const signed = await signChange(request, change);
    await writeSigned(signed, out);
    if (out !== undefined) request.output.result(signed, () => request.output.line(out));
  });
  kv.addCommand(sign);
}

interface ConditionOptions {
  readonly ifVersion?: number;
}

interface PutOptions extends ConditionOptions {
  readonly file?: string;
}

function addVerbs(parent: Command, words: string, finish: Finish): void {
  const condition = [
    "--if-version <version>",
    "refuse it if the key has changed above this version of the stream",
  ] as const;
  parent
    .command("put <key> [value]")
    .description("put a value under a key")
    .option("--file <path>", "take the value from a file")
    .option(...condition, parseVersion)
    .addHelpText(
      "after",
      `\nExamples:\n  $ mycelia ${words} put colour green\n  $ mycelia ${words} put colour red --if-version 4\n`,
    )
    .action(async (key: string, value: string | undefined, options: PutOptions, command: Command) => {
      const request = kvRequestOf(command);
      const { putChange } = await import("../kv/write.ts");
      const what = { ...options, key, ...(value !== undefined && { value }) };
      await finish(request, await putChange(what, request.hex), command);
    });
  parent
    .command("delete <key>")
    .description("delete a key")
    .option(...condition, parseVersion)
    .addHelpText("after", `\nExample:\n  $ mycelia ${words} delete colour\n`)
    .action(async (key: string, { ifVersion }: ConditionOptions, command: Command) => {
      const request = kvRequestOf(command);
      const { deleteChange } = await import("../kv/write.ts");
      await finish(request, deleteChange(key, ifVersion, request.hex), command);
    });
  for (const verb of controlVerbs) addControl(parent, words, verb, finish);
}

function addControl(parent: Command, words: string, verb: ControlVerb, finish: Finish): void {
  const { name, takes, says } = verb;
  const example = takes.map((part) => (part === "key" ? "colour" : "0x7099…")).join(" ");
  parent
    .command([name, ...takes.map((part) => `<${part}>`)].join(" "))
    .description(says)
    .addHelpText("after", `\nExample:\n  $ mycelia ${words} ${`${name} ${example}`.trim()}\n`)
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const request = kvRequestOf(command);
      const texts = given.slice(0, takes.length) as string[];
      await finish(request, { controls: [controlOf(verb, texts, request.hex)] }, command);
    });
}
