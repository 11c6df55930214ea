/** Builds the package: JavaScript and declarations by tsc, the file for browsers, and what code reads from beside itself. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { bundleForBrowser } from "./browserBundle.ts";

/** What compiled code loads by a path relative to itself. */
const assets = ["keepers/coding/kernels/build", "examples/digits/data"];

function compile(project: string): void {
  execFileSync("node_modules/.bin/tsc", ["-p", project], { stdio: "inherit" });
}

async function buildForBrowser(): Promise<void> {
  const { script, licences } = await bundleForBrowser();
  mkdirSync("dist/browser", { recursive: true });
  writeFileSync("dist/browser/mycelia.js", script);
  writeFileSync("dist/browser/mycelia.js.LEGAL.txt", licences);
  compile("tsconfig.browser.build.json");
  // Whoever imports them knows nothing of our suffix.
  for (const file of globSync("dist/browser/types/**/*.browser.d.ts"))
    renameSync(file, file.replace(".browser.d.ts", ".d.ts"));
}

rmSync("dist", { recursive: true, force: true });
compile("tsconfig.build.json");
for (const path of assets) cpSync(path, `dist/${path}`, { recursive: true });
await buildForBrowser();
console.log("built dist/");
