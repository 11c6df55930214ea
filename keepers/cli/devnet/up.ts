import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Listr } from "listr2";
import type { KeyChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { type CastSize, castParts, defaultCast, type Part, preferredPort } from "./cast.ts";
import { devnetChainId, startChain } from "./chain.ts";
import { ensureDeployment } from "./deployment.ts";
import { type Endowment, fundParties } from "./funding.ts";
import { type KeeperLaunch, keeperLaunch } from "./keeper.ts";
import type { PartyName } from "./keyring.ts";
import { openPayer, type Payer } from "./payer.ts";
import { isFree, takePort } from "./ports.ts";
import { isRunning, launch } from "./processes.ts";
import { waitForKeeper } from "./ready.ts";
import { type NetworkState, requireNetwork, withProcess, writeNetwork } from "./state.ts";

export interface UpRequest {
  readonly dataDir: string;
  readonly output: Output;
  /** Chain to use instead of starting one. */
  readonly rpcUrl?: string;
  readonly cast?: CastSize;
  readonly signal?: AbortSignal;
  /** Key that deploys and funds where the chain is no devnet. */
  readonly key?: KeyChoice;
  /** What each party is given. */
  readonly endowment?: Endowment;
}

const readyLimitMs = 60_000;
/** Entering a committee takes a dozen transactions one after the other, each as deep as this chain makes them wait. */
const foreignReadyLimitMs = 900_000;

/** How long keepers may take until they serve, on the chain they are on. */
function readyLimit({ chainId }: NetworkState): number {
  return chainId === devnetChainId ? readyLimitMs : foreignReadyLimitMs;
}

/** Who uses the devnet from a terminal. */
const people: readonly PartyName[] = [
  { party: "user", number: 1 },
  { party: "author", number: 1 },
];

/** Brings up, or resumes, a whole network. What runs already is left alone. */
export async function bringUp(request: UpRequest): Promise<NetworkState> {
  const { dataDir, output } = request;
  const signal = request.signal ?? new AbortController().signal;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const parts = castParts(request.cast ?? defaultCast);
  let state: NetworkState | undefined;
  let payer: Payer | undefined;
  const update = (next: NetworkState): void => {
    state = next;
    writeNetwork(dataDir, next);
  };
  const tasks = new Listr(
    [
      {
        title: "Start the chain",
        task: async (_, task) => {
          const chain = await startChain(dataDir, request.rpcUrl, signal);
          update(chain.state);
          task.title = `Chain ${chain.state.chainId} at ${chain.state.rpcUrl}${chain.note}`;
        },
      },
      {
        title: "Deploy the contracts",
        task: async (_, task) => {
          payer = await openPayer(dataDir, must(state), request.key);
          const deployed = await ensureDeployment(dataDir, must(state), payer, (text) => {
            task.output = text;
          });
          update({ ...must(state), deployment: deployed.file });
          task.title = `Contracts: ${deployed.note}`;
        },
      },
      {
        title: "Fund the keepers and the user",
        task: async () =>
          await fundParties(
            dataDir,
            must(state),
            must(payer).wallet,
            [...parts, ...people],
            request.endowment,
          ),
      },
      {
        title: `Start ${parts.length} keepers`,
        task: async (_, task) => {
          for (const part of parts) update(await startPart(dataDir, must(state), part));
          update(await restartDead(dataDir, signal));
          let ready = 0;
          const keepers = must(state).processes.filter(({ role }) => role !== "chain");
          await Promise.all(
            keepers.map(async (record) => {
              await waitForKeeper(record, readyLimit(must(state)), signal);
              ready += 1;
              task.output = `${ready} of ${keepers.length} ready`;
            }),
          );
          task.title = `${keepers.length} keepers ready`;
        },
      },
    ],
    {
      renderer: output.json ? "silent" : "default",
      fallbackRenderer: "simple",
      // Ctrl-C is ours: whoever called stops what was started.
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: false },
    },
  );
  try {
    await tasks.run();
  } finally {
    // An assignment inside a task is not seen here by the compiler.
    (payer as Payer | undefined)?.close();
  }
  return must(state);
}

/** What an earlier task has found. */
function must<T>(found: T | undefined): T {
  if (found === undefined) throw new Error("the tasks run in order");
  return found;
}

/** What one part is started with besides the defaults. */
export type PartExtras = Pick<KeeperLaunch, "settings" | "command">;

/** Starts one part unless it runs; it keeps its port, because its endpoint stands on chain. */
export async function startPart(
  dataDir: string,
  state: NetworkState,
  part: Part,
  extras: PartExtras = {},
): Promise<NetworkState> {
  const running = state.processes.find(({ name }) => name === part.name);
  if (running !== undefined && isRunning(running)) return state;
  const port = await portFor(state, part);
  const log = join(dataDir, "logs", `${part.name}.log`);
  const record = launch(await keeperLaunch({ dataDir, state, part, port, log, ...extras }));
  return withProcess({ ...state, ports: { ...state.ports, [part.name]: port } }, record);
}

async function portFor(state: NetworkState, part: Part): Promise<number> {
  const known = state.ports[part.name];
  if (known !== undefined && (await isFree(known))) return known;
  return await takePort(preferredPort(part), new Set(Object.values(state.ports)));
}

/** Starts again, with the command it had, every process of a network that has died; resolves when they are ready. */
export async function restartDead(dataDir: string, signal: AbortSignal): Promise<NetworkState> {
  let state = requireNetwork(dataDir);
  const dead = state.processes.filter((record) => record.role !== "chain" && !isRunning(record));
  const started = dead.map(({ name, role, url, log, command }) => launch({ name, role, url, log, command }));
  for (const record of started) state = withProcess(state, record);
  writeNetwork(dataDir, state);
  await Promise.all(started.map((record) => waitForKeeper(record, readyLimit(state), signal)));
  return state;
}
