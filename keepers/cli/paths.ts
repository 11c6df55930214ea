import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Whether the keepers run from TypeScript source (a checkout) rather than from the built package. */
export const fromSource = import.meta.url.endsWith(".ts");

/** Folder with package.json and deployments/. */
export const packageRoot = fromSource ? join(here, "..", "..") : join(here, "..", "..", "..");

/** The one directory for all state: flag, then environment, then `.mycelia` beside a checkout or in the home directory. */
export function dataDirectory(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = flag ?? env.MYCELIA_DATA_DIR;
  if (named !== undefined && named !== "") return resolve(named);
  return fromSource ? join(packageRoot, ".mycelia") : join(env.HOME ?? ".", ".mycelia");
}

/** What Node needs to run our TypeScript; nothing for the built package. */
const loader = fromSource
  ? ["--import", pathToFileURL(join(packageRoot, "node_modules/tsx/dist/esm/index.mjs")).href]
  : [];
const extension = fromSource ? "ts" : "js";
const codeRoot = join(here, "..", "..");

/** Command line of the provider that cheats, for the demo. */
export function cheatCommand(): string[] {
  return [process.execPath, ...loader, join(codeRoot, "examples", "cheat", `main.${extension}`)];
}

/** Command line that runs this CLI again in a new process. */
export function cliCommand(...args: string[]): string[] {
  return [process.execPath, ...loader, join(here, `main.${extension}`), ...args];
}

/** Version of this package. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
