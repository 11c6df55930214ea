import { rmSync } from "node:fs";
import { join } from "node:path";
import { devnetChainId } from "./chain.ts";
import { isRunning, stop } from "./processes.ts";
import { readNetwork } from "./state.ts";

const graceMs = 8_000;

/** What belongs to a network in a data directory; keys of other chains than the devnet may hold money and stay. */
const networkEntries = [
  "network.json",
  "network.json.new",
  "chain",
  "keepers",
  "state",
  "logs",
  "deployments",
];

/** Stops keepers first and the chain last, so that every keeper can finish what it is doing. Returns the names stopped. */
export async function bringDown(dataDir: string, purge: boolean): Promise<string[]> {
  const state = readNetwork(dataDir);
  const running = (state?.processes ?? []).filter(isRunning);
  await stop(
    running.filter(({ role }) => role !== "chain"),
    graceMs,
  );
  await stop(
    running.filter(({ role }) => role === "chain"),
    graceMs,
  );
  if (purge)
    for (const entry of [...networkEntries, join("chains", String(devnetChainId))])
      rmSync(join(dataDir, entry), { recursive: true, force: true });
  return running.map(({ name }) => name);
}
