import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

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

/** Command line that runs this CLI again in a new process. */
export function cliCommand(...args: string[]): string[] {
  const loader = fromSource
    ? ["--import", new URL("../../node_modules/tsx/dist/esm/index.mjs", import.meta.url).href]
    : [];
  return [process.execPath, ...loader, join(here, fromSource ? "main.ts" : "main.js"), ...args];
}
