/** Builds the package: JavaScript and declarations by tsc, and the files that code reads from beside itself. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

/** What compiled code loads by a path relative to itself. */
const assets = ["keepers/coding/kernels/build", "examples/digits/data"];

rmSync("dist", { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
for (const path of assets) cpSync(path, `dist/${path}`, { recursive: true });
console.log("built dist/");
