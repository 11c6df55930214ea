/** Completes package-lock.json with the other platforms' binaries; run it after every `npm install` of a package. */
import { readFileSync, writeFileSync } from "node:fs";
import { completeLock, type Lockfile, missingBinaries } from "./lockfile/completeLock.ts";

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8")) as Lockfile;
writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
console.log(`added ${missingBinaries(lock).length} entries to ${file}`);
