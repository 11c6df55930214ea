/** Writes deployments/31337.json by deploying on a fresh in-process chain. */
import { mkdirSync, writeFileSync } from "node:fs";
import { devnetFile, renderDevnetFile } from "./deploy/devnetFile.ts";

mkdirSync("deployments", { recursive: true });
writeFileSync(devnetFile, await renderDevnetFile());
console.log(`wrote ${devnetFile}`);
