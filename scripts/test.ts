/** Runs every suite (or those named), passes their output through, and ends with one plain line of totals. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
}

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const mocha = (...paths: string[]): string[] => [
  "mocha",
  // One word: mocha takes the value of a separate --import for a path of its own.
  "--import=tsx",
  "--exit",
  "--timeout",
  "120000",
  ...paths,
];

const suites: readonly Suite[] = [
  { name: "contracts", command: ["hardhat", "--no-typechain", "test", "mocha"] },
  { name: "properties", command: ["hardhat", "--no-typechain", "test", "solidity"] },
  { name: "keepers", command: mocha("test/keepers/**/*.test.ts") },
  { name: "bench", command: mocha("test/bench/**/*.test.ts") },
  { name: "browser", command: mocha("test/browser/**/*.test.ts") },
  { name: "flows", command: mocha("test/flows/**/*.test.ts") },
];

/** Counts come from the runners' own summaries ("12 passing", "1 failing", "2 pending"). */
function count(output: string): Totals {
  const plain = stripVTControlCharacters(output);
  const sum = (word: string): number =>
    [...plain.matchAll(new RegExp(`^\\s*(\\d+) ${word}\\b`, "gm"))].reduce(
      (total, [, n]) => total + Number(n),
      0,
    );
  return { passed: sum("passing"), failed: sum("failing"), skipped: sum("(?:pending|skipped)") };
}

async function run(suite: Suite): Promise<Totals> {
  console.log(`\n== ${suite.name}: ${suite.command.join(" ")}`);
  const [tool, ...rest] = suite.command;
  const child = spawn(process.execPath, [`node_modules/.bin/${tool}`, ...rest], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const exitCode = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  const totals = count(output);
  // A runner that died without naming a failure (a syntax error, an abort) is one failure.
  if (exitCode !== 0 && totals.failed === 0) totals.failed = 1;
  if (exitCode === 0 && totals.passed === 0) totals.failed = 1;
  return totals;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `unknown suite ${unknown.join(", ")}; there are: ${suites.map((suite) => suite.name).join(", ")}`,
  );
  process.exit(2);
}
if (!existsSync("node_modules/.bin/hardhat")) {
  console.error("packages are missing: run ./mycelia test, which installs them, or npm ci");
  process.exit(2);
}

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const result = await run(suite);
  totals.passed += result.passed;
  totals.failed += result.failed;
  totals.skipped += result.skipped;
}
console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`,
);
process.exit(totals.failed === 0 ? 0 : 1);
