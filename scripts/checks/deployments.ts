import { readFileSync } from "node:fs";
import { devnetFile, renderDevnetFile } from "../deploy/devnetFile.ts";

/** Reports when the committed devnet addresses are not what a fresh deployment gives. */
export async function findStaleDeployment(): Promise<string[]> {
  if (readFileSync(devnetFile, "utf8") === (await renderDevnetFile())) return [];
  return [`stale generated file: ${devnetFile}: run "npm run deployments" and commit`];
}
