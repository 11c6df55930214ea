import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const maxLines = 300;
const unfinished = /\b([T]ODO|[F]IXME)\b/;

function sources(): string[] {
  const tracked = execFileSync("git", ["ls-files", "*.ts", "*.sol"], { encoding: "utf8" }).split("\n");
  return tracked.filter((path) => path !== "" && !path.startsWith("typechain-types/"));
}

/** Files longer than the house allows. */
export function findLongFiles(): string[] {
  return sources().flatMap((path) => {
    const lines = readFileSync(path, "utf8").split("\n").length - 1;
    return lines > maxLines
      ? [`${path}: ${lines} lines, at most ${maxLines}: which second thing does it do?`]
      : [];
  });
}

/** Promises of later work left in code. */
export function findUnfinishedWords(): string[] {
  return sources().flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, index) =>
        unfinished.test(line) ? [`${path}:${index + 1}: unfinished work: ${line.trim()}`] : [],
      ),
  );
}
