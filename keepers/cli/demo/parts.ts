import { parseEther } from "ethers";
import type { Part } from "../devnet/cast.ts";
import { fundParties } from "../devnet/funding.ts";
import { openPayer } from "../devnet/payer.ts";
import { kill, stop } from "../devnet/processes.ts";
import { waitForKeeper } from "../devnet/ready.ts";
import { requireNetwork, writeNetwork } from "../devnet/state.ts";
import { startPart } from "../devnet/up.ts";
import { cheatCommand } from "../paths.ts";

const readyLimitMs = 60_000;
const honest: Part = { name: "provider-1", role: "provider", party: "provider", number: 1 };
const cheat: Part = { name: "provider-2", role: "provider", party: "provider", number: 2 };

/** Unit prices, wei. The cheat undercuts, so that the contract matches it while both are on the book. */
const unitPrice = { honest: parseEther("0.001"), cheat: parseEther("0.0005") };

/** Nodes that the demo kills. */
export const victims = ["storage-2", "storage-5", "storage-9"];

/** Starts the honest provider for a model; ready means that its model is loaded and its service is on the book. */
export async function startHonestProvider(
  dataDir: string,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  await startProviderPart(dataDir, honest, model, unitPrice.honest, undefined, signal);
}

/** Starts the provider that answers a batch by running its first row only. */
export async function startCheat(dataDir: string, model: string, signal: AbortSignal): Promise<void> {
  await startProviderPart(dataDir, cheat, model, unitPrice.cheat, cheatCommand(), signal);
}

async function startProviderPart(
  dataDir: string,
  part: Part,
  model: string,
  price: bigint,
  command: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  const network = requireNetwork(dataDir);
  const payer = await openPayer(dataDir, network, undefined);
  await fundParties(dataDir, network, payer.wallet, [part]).finally(payer.close);
  const settings = {
    services: [{ model, tier: "exact", unitPrice: price.toString() }],
    pollMs: 100,
    beaconGraceMs: 1_000,
  };
  const extras = { settings, ...(command === undefined ? {} : { command }) };
  const state = await startPart(dataDir, requireNetwork(dataDir), part, extras);
  writeNetwork(dataDir, state);
  const record = state.processes.find(({ name }) => name === part.name);
  if (record !== undefined) await waitForKeeper(record, readyLimitMs, signal);
}

/** SIGKILL for the victims. Returns how many were killed. */
export async function killNodes(dataDir: string): Promise<number> {
  const records = requireNetwork(dataDir).processes.filter(({ name }) => victims.includes(name));
  await Promise.all(records.map(kill));
  return records.length;
}

/** Stops the cheat for good: it is no part of the network that stays. */
export async function dismissCheat(dataDir: string): Promise<void> {
  const state = requireNetwork(dataDir);
  await stop(
    state.processes.filter(({ name }) => name === cheat.name),
    5_000,
  );
  writeNetwork(dataDir, { ...state, processes: state.processes.filter(({ name }) => name !== cheat.name) });
}
