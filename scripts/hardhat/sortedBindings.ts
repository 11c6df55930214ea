import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { overrideTask } from "hardhat/config";

/** The two files that name every contract; the others name those of one folder, in order. */
const LISTS = ["index.ts", "hardhat.d.ts"];

/** Entries of these kinds stand in runs, one run a kind. */
const KINDS = [
  /^export (?:type )?\{ \w+ \} from /,
  /^\s*getContractFactory\(/,
  /^\s*getContractAt\(/,
  /^\s*deployContract\(name: '[^']*', signer/,
  /^\s*deployContract\(name: '[^']*', args/,
];

/**
 * TypeChain lists contracts in the order in which the build happened to finish them, which differs from run to run.
 * This sorts them after every build, so that the same sources always give the same committed bindings.
 */
export const sortedBindings = overrideTask("build")
  .setInlineAction(async (args, hre, runSuper) => {
    const result: unknown = await runSuper(args);
    for (const list of LISTS) sortFile(join(hre.config.typechain.outDir ?? "typechain-types", list));
    return result;
  })
  .build();

function sortFile(file: string): void {
  if (!existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  const sorted = sortRuns(text.split("\n")).join("\n");
  if (sorted !== text) writeFileSync(file, sorted);
}

/** Sorts each run of neighbouring entries of one kind by the contract that they name; everything else stays in place. */
function sortRuns(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  for (let start = 0; start < lines.length; ) {
    const kind = KINDS.find((pattern) => pattern.test(lines[start]!));
    let end = start + 1;
    while (kind !== undefined && end < lines.length && kind.test(lines[end]!)) end += 1;
    const run = lines.slice(start, end);
    sorted.push(...(kind === undefined ? run : sortRun(run)));
    start = end;
  }
  return sorted;
}

function sortRun(run: readonly string[]): string[] {
  const keyed = run.map((line) => ({ key: contractOf(line), line: line.trim() }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ line }) => line);
}

/** A contract and its factory stay together: './core/X.js' before './factories/core/X__factory.js'. */
function contractOf(line: string): string {
  const quoted = /'([^']*)'/.exec(line)?.[1] ?? line;
  return quoted.replace(/^\.\/factories\/(.*)__factory\.js$/, "./$1.js factory");
}
