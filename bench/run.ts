/** `npm run bench -- <subject> [--json]`: a table for people, or one JSON object a line and figure for machines. */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import type { Figure } from "./figure.ts";
import { loadSubject, subjects } from "./subjects.ts";

const usage = `Usage: npm run bench -- <subject> [--json]

Subjects: ${subjects().join(", ")}

  --json   one JSON object a line and figure: name, value, unit, target, holds, reference, ratio
  --help   this

Example: npm run bench -- coding --json`;

/** A line that is overwritten, where somebody watches. */
function progressLine(stream: NodeJS.WriteStream) {
  if (!stream.isTTY) return { show() {}, clear() {} };
  const clear = () => void stream.write("\r\u001b[K");
  return {
    show(step: string) {
      clear();
      stream.write(step.slice(0, stream.columns - 1));
    },
    clear,
  };
}

function table(figures: readonly Figure[]): string {
  const rows = new Table({
    head: ["figure", "value", "target", "holds", "reference (same run)", "ratio"],
    colAligns: ["left", "right", "right", "left", "left", "right"],
    style: { head: [], border: [] },
  });
  for (const { name, value, unit, target, holds, reference, ratio } of figures)
    rows.push([
      name,
      `${value} ${unit}`,
      target === null ? "" : `${target} ${unit}`,
      holds === null ? "" : holds ? "yes" : "NO",
      reference ?? "",
      ratio ?? "",
    ]);
  return rows.toString();
}

async function main(): Promise<void> {
  const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(usage);
  if (positionals.length !== 1) throw new Error(`Name one subject to measure: ${subjects().join(", ")}`);
  const measure = await loadSubject(positionals[0]!);
  const progress = progressLine(process.stderr);
  const figures: Figure[] = [];
  for await (const found of measure(progress.show)) {
    progress.clear();
    if (values.json) console.log(JSON.stringify(found));
    figures.push(found);
  }
  if (!values.json) console.log(table(figures));
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
