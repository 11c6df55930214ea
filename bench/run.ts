/** `npm run bench -- <subject> [--json]`: a table for people, or one JSON object a line and figure for machines. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import type { Figure } from "./figure.ts";
import { drawLineChart } from "./plot.ts";
import { loadSubject, type Subject, subjects } from "./subjects.ts";

const usage = `Usage: npm run bench -- <subject> [--json] [--plot <folder>]

Subjects: ${subjects().join(", ")}

  --json            one JSON object a line and figure: name, value, unit, target, holds, reference, ratio
  --plot <folder>   also draw the subject's charts there, as SVG
  --help            this

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

function plot({ charts }: Subject, subject: string, folder: string): void {
  if (charts === undefined) throw new Error(`The subject "${subject}" has no charts`);
  mkdirSync(folder, { recursive: true });
  for (const chart of charts()) {
    const file = join(folder, `${chart.name}.svg`);
    writeFileSync(file, drawLineChart(chart));
    console.error(`drew ${file}`);
  }
}

async function main(): Promise<void> {
  const options = {
    json: { type: "boolean" },
    plot: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(usage);
  if (positionals.length !== 1) throw new Error(`Name one subject to measure: ${subjects().join(", ")}`);
  const subject = await loadSubject(positionals[0]!);
  if (values.plot !== undefined) plot(subject, positionals[0]!, values.plot);
  const progress = progressLine(process.stderr);
  const figures: Figure[] = [];
  for await (const found of subject.figures(progress.show)) {
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
