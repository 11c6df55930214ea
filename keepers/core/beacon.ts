import type { IBeacon } from "../../typechain-types/core/interfaces/IBeacon.js";
import { IBeacon__factory } from "../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { Bell } from "../runtime/bell.ts";
import { contractOf } from "../runtime/chain/deployment.ts";
import type { KeeperContext } from "../runtime/context.ts";
import { Nudger } from "./nudge.ts";
import { type OpenDraw, openDrawsIn, SOURCE_BLOCK } from "./openDraws.ts";

export interface BeaconOptions {
  /** Mines the block that a draw waits for when the chain stands still; by default on the devnet's chain id alone. */
  readonly mineBlocks?: boolean;
  /** Tips are fetched once so much is owed, wei of the settlement token. */
  readonly collectFrom?: bigint;
  /** Pause between looks while a draw waits, milliseconds. */
  readonly lookMs?: number;
}

/** What the role needs of a keeper. */
export type BeaconContext = Pick<
  KeeperContext,
  | "provider"
  | "chainId"
  | "deployment"
  | "transactions"
  | "store"
  | "follow"
  | "closers"
  | "logger"
  | "signal"
>;

const DEVNET_CHAIN_ID = 31_337;
const DEFAULT_COLLECT_FROM = 10n ** 18n;
const DEFAULT_LOOK_MS = 250;
/** As in IBeacon.DrawState. */
const STATE = { none: 0, waiting: 1, ready: 2, fulfilled: 3, expired: 4 } as const;
/** Draws worked on at once. */
const WIDTH = 16;

/**
 * Fulfils every draw of the Beacon as soon as its target is known, records those that are lost, and fetches the tips.
 * Resolves once it follows the chain.
 */
export async function startBeacon(context: BeaconContext, options: BeaconOptions = {}): Promise<void> {
  const { address, block } = contractOf(context.deployment, "Beacon");
  const beacon = IBeacon__factory.connect(address, context.provider);
  const draws = openDrawsIn(context.store.under("beacon/"));
  const bell = new Bell();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const keeper = new BeaconKeeper({ ...context, signal }, beacon, address, options);
  const onHead = async () => bell.ring();
  const place = { addresses: [address], fromBlock: block };
  // A follower that fails ends the keeper through its context; there is nothing to add here.
  context.follow("beacon", place, { ...draws.handler, onHead }).catch(() => undefined);
  const working = workOff(signal, bell, () => keeper.round(draws.all()), options.lookMs ?? DEFAULT_LOOK_MS);
  context.closers.add("beacon", async () => {
    stop.abort();
    await working;
  });
}

/** Looks at the open draws whenever the chain moved, and on its own while some wait. */
async function workOff(
  signal: AbortSignal,
  bell: Bell,
  round: () => Promise<boolean>,
  lookMs: number,
): Promise<void> {
  signal.addEventListener("abort", () => bell.ring(), { once: true });
  while (!signal.aborted) {
    const someWait = await round();
    if (!signal.aborted) await bell.wait(someWait ? lookMs : undefined);
  }
}

class BeaconKeeper {
  readonly #context: BeaconContext;
  readonly #beacon: IBeacon;
  readonly #address: string;
  readonly #collectFrom: bigint;
  readonly #nudger: Nudger | undefined;
  /** Draws whose transaction is under way, so that a round does not wait for its depth. */
  readonly #busy = new Set<bigint>();

  constructor(context: BeaconContext, beacon: IBeacon, address: string, options: BeaconOptions) {
    this.#context = context;
    this.#beacon = beacon;
    this.#address = address;
    this.#collectFrom = options.collectFrom ?? DEFAULT_COLLECT_FROM;
    const minesBlocks = options.mineBlocks ?? context.chainId === DEVNET_CHAIN_ID;
    this.#nudger = minesBlocks ? new Nudger(context.provider, context.transactions) : undefined;
  }

  /** One look at every open draw; true while some are open. Trouble is logged and met again in the next round. */
  async round(draws: AsyncIterable<OpenDraw>): Promise<boolean> {
    let someWait = false;
    let nextTarget: bigint | undefined;
    try {
      for await (const draw of draws) {
        someWait = true;
        if (this.#context.signal.aborted || this.#busy.size >= WIDTH) break;
        if (this.#busy.has(draw.id)) continue;
        const isWaiting = await this.#look(draw);
        if (isWaiting && draw.source === SOURCE_BLOCK) nextTarget = least(nextTarget, draw.target);
      }
      if (nextTarget !== undefined) await this.#nudger?.toward(nextTarget);
    } catch (error) {
      this.#context.logger.warn({ err: error }, "beacon: a look at the draws failed");
    }
    return someWait;
  }

  /** Starts what a draw needs; true when its target has not come. */
  async #look(draw: OpenDraw): Promise<boolean> {
    // The next block is where our transaction would stand.
    const { state } = await this.#beacon.stateOf(draw.id, { blockTag: "pending" });
    if (Number(state) === STATE.ready) this.#start(draw, "fulfil");
    if (Number(state) === STATE.expired) this.#start(draw, "expire");
    return Number(state) === STATE.waiting;
  }

  #start(draw: OpenDraw, action: "fulfil" | "expire"): void {
    this.#busy.add(draw.id);
    void this.#end(draw, action)
      .catch((error: unknown) => {
        if (this.#context.signal.aborted) return;
        this.#context.logger.warn({ err: error, draw: draw.id.toString(), action }, "beacon: draw not ended");
      })
      .finally(() => this.#busy.delete(draw.id));
  }

  async #end(draw: OpenDraw, action: "fulfil" | "expire"): Promise<void> {
    const { transactions, signal, logger } = this.#context;
    const data = this.#beacon.interface.encodeFunctionData(action as "fulfil", [draw.id]);
    await transactions.send({ key: `beacon/${action}/${draw.id}`, to: this.#address, data }, signal);
    logger.info({ draw: draw.id.toString(), action }, "beacon: draw ended");
    if (action === "fulfil") await this.#collect(draw);
  }

  async #collect(draw: OpenDraw): Promise<void> {
    const { transactions, signal } = this.#context;
    const owed = await this.#beacon.owed(transactions.address);
    if (owed === 0n || owed < this.#collectFrom) return;
    const data = this.#beacon.interface.encodeFunctionData("collect", [transactions.address]);
    // Each draw is fulfilled once, so its number makes the key of one collection.
    await transactions.send({ key: `beacon/collect/${draw.id}`, to: this.#address, data }, signal);
  }
}

function least(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}
