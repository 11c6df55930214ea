import { readFileSync } from "node:fs";
import { type Lockfile, missingBinaries } from "../lockfile/completeLock.ts";

/** Platform binaries that the lockfile lacks: `npm ci` would refuse it. */
export function findLockfileGaps(): string[] {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lockfile;
  return missingBinaries(lock).map(
    ({ name }) => `package-lock.json lacks ${name}: run "npm run lockfile" and commit`,
  );
}
