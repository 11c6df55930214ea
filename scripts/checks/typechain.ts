import { execFileSync } from "node:child_process";

/** Builds the contracts and reports bindings that differ from the committed ones. */
export async function findStaleTypechain(): Promise<string[]> {
  execFileSync("node_modules/.bin/hardhat", ["build", "--force"], { stdio: ["ignore", "ignore", "inherit"] });
  const changed = execFileSync("git", ["status", "--porcelain", "--", "typechain-types"], {
    encoding: "utf8",
  });
  return changed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `stale generated file: ${line.trim()}: run "npm run build:contracts" and commit`);
}
