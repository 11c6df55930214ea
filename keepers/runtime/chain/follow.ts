import type { JsonRpcProvider } from "ethers";
import type { Logger } from "pino";
import { FatalError, MyceliaError } from "../errors.ts";
import { Backoff, pause } from "../pause.ts";
import type { Store } from "../store/store.ts";
import type { BlockHandler, BlockHeader, FollowerOptions } from "./follower.ts";
import { type ChainSource, createSource, toFollowed } from "./source.ts";
import { createTrail, type Footprint, type Trail } from "./trail.ts";

/** What may be counted while following. */
export interface FollowerObserver {
  /** Everything up to here has been applied. */
  height(height: number): void;
  /** A reorg took out so many blocks. */
  reorg(depth: number): void;
}

export interface FollowerSetup {
  readonly provider: JsonRpcProvider;
  /** Of this follower alone. */
  readonly store: Store;
  readonly options: FollowerOptions;
  readonly handler: BlockHandler;
  readonly signal: AbortSignal;
  readonly logger?: Logger;
  readonly observer?: FollowerObserver;
}

const RETRY_MS = { first: 200, longest: 15_000 };

/**
 * Follows contracts from a durable cursor and resolves when the signal aborts. Blocks below the finality depth are read in
 * ranges; above it one by one, each checked against its parent. A node that fails is asked again for ever.
 * @throws FatalError "chain/reorg-past-finality", "chain/different-chain", "chain/bad-options", or what the handler threw
 * with `retry` false.
 */
export async function followChain(setup: FollowerSetup): Promise<void> {
  checkOptions(setup.options);
  const follower = new Follower(setup);
  const retry = new Backoff(RETRY_MS.first, RETRY_MS.longest);
  while (!setup.signal.aborted) {
    try {
      const isSteady = await follower.advance();
      if (isSteady) retry.reset();
      await (isSteady ? pause(setup.options.pollMs, setup.signal) : retry.wait(setup.signal));
    } catch (error) {
      if (setup.signal.aborted) return;
      if (error instanceof MyceliaError && !error.retry) throw error;
      setup.logger?.warn({ err: error }, "chain follower will try again");
      await retry.wait(setup.signal);
    }
  }
}

class Follower {
  readonly #setup: FollowerSetup;
  readonly #source: ChainSource;
  readonly #trail: Trail;
  #isSameChain = false;
  /** Last height told to `onHead`. */
  #told = -1;
  /** Hash of the newest block when all up to it was done: while it is the newest, so it is still. */
  #doneAt: string | undefined;

  constructor(setup: FollowerSetup) {
    this.#setup = setup;
    this.#source = createSource(setup.provider, setup.options.addresses);
    this.#trail = createTrail(setup.store);
  }

  /** Goes on to where the chain is now; false when the chain moved under the follower's feet. */
  async advance(): Promise<boolean> {
    if (!this.#isSameChain) await this.#checkGenesis();
    const newest = await this.#source.head();
    if (newest.hash === this.#doneAt) return true;
    const isSteady = await this.#advanceTo(newest.number);
    if (isSteady && !this.#setup.signal.aborted) this.#doneAt = newest.hash;
    return isSteady;
  }

  async #advanceTo(head: number): Promise<boolean> {
    const { options, signal } = this.#setup;
    if (await this.#isAhead(head)) return true;
    const target = head - options.confirmations;
    let cursor = await this.#settle();
    while (!signal.aborted && (cursor?.number ?? options.fromBlock - 1) < target) {
      const next = (cursor?.number ?? options.fromBlock - 1) + 1;
      const final = Math.min(target, head - options.finality);
      cursor = next <= final ? await this.#skip(next, final) : await this.#stepTo(next, cursor, head);
      if (cursor === undefined) {
        this.#setup.logger?.warn(
          { height: next, head },
          "block does not build on the one before; looking again",
        );
        return false;
      }
    }
    if (cursor !== undefined && !signal.aborted) await this.#tell(cursor);
    return true;
  }

  /**
   * True when the node ends below the cursor, on our chain: it lags behind another node of the same address, or a reorg is
   * still growing. What lies above its end cannot be judged, so nothing is undone yet.
   */
  async #isAhead(head: number): Promise<boolean> {
    const newest = (await this.#trail.pending()) ?? (await this.#trail.cursor());
    if (newest === undefined || newest.number <= head) return false;
    for await (const block of this.#trail.steps()) {
      if (block.number <= head) return await this.#isCanonical(block);
    }
    return false;
  }

  async #checkGenesis(): Promise<void> {
    const [known, genesis] = await Promise.all([this.#trail.genesis(), this.#source.header(0)]);
    if (genesis === undefined) throw differentChain("the node has no block 0");
    if (known === undefined) await this.#trail.begin(genesis.hash);
    else if (known !== genesis.hash) throw differentChain(`its first block is ${genesis.hash}, not ${known}`);
    this.#isSameChain = true;
  }

  /** Makes sure that the trail is on the chain, undoing what is not; the cursor after that. */
  async #settle(): Promise<Footprint | undefined> {
    const pending = await this.#trail.pending();
    if (pending !== undefined && !(await this.#isCanonical(pending))) await this.#undo(pending);
    const cursor = await this.#trail.cursor();
    if (cursor === undefined || (await this.#isCanonical(cursor))) return cursor;
    return await this.#walkBack(cursor);
  }

  async #isCanonical(block: BlockHeader): Promise<boolean> {
    return (await this.#source.header(block.number))?.hash === block.hash;
  }

  /** Finds the newest block of the trail that is still on the chain, then undoes all above it, newest first. */
  async #walkBack(cursor: Footprint): Promise<Footprint> {
    const removed: Footprint[] = [];
    for await (const block of this.#trail.steps()) {
      if (await this.#isCanonical(block)) {
        this.#setup.logger?.warn({ from: cursor.number, to: block.number }, "reorg: walking back");
        for (const gone of removed) await this.#undo(gone);
        this.#setup.observer?.reorg(removed.length);
        this.#told = Math.min(this.#told, block.number);
        return block;
      }
      removed.push(block);
    }
    return await this.#stopLoudly(removed.at(-1) ?? cursor);
  }

  /** Nothing that is remembered is on the chain any more. */
  async #stopLoudly(oldest: Footprint): Promise<never> {
    this.#isSameChain = false;
    await this.#checkGenesis();
    const { finality } = this.#setup.options;
    throw new FatalError(
      "chain/reorg-past-finality",
      `The chain has dropped block ${oldest.number} (${oldest.hash}), deeper than the ${finality} blocks that can be undone. If the node was set back or the chain started anew, use a fresh data directory.`,
      { height: oldest.number, hash: oldest.hash, finality },
    );
  }

  async #undo(block: Footprint): Promise<void> {
    if (block.logs.length > 0) await this.#setup.handler.undo(toFollowed(block, this.#setup.provider));
    await this.#trail.retract(block);
  }

  /** Reads a range that can no longer change, and ends on its last block. */
  async #skip(from: number, to: number): Promise<Footprint | undefined> {
    const { blocks, through } = await this.#source.range(from, to, this.#setup.signal);
    for (const block of blocks) {
      if (this.#setup.signal.aborted) return undefined;
      await this.#apply(block, block.number);
    }
    const last = await this.#source.header(through);
    if (last === undefined) return undefined;
    const cursor = blocks.at(-1)?.number === through ? blocks.at(-1) : { ...last, logs: [] };
    if (cursor !== undefined && cursor !== blocks.at(-1)) await this.#trail.step(cursor, cursor.number);
    this.#setup.observer?.height(through);
    return cursor;
  }

  /** Takes one step near the head; undefined when the block does not build on the cursor. */
  async #stepTo(height: number, cursor: Footprint | undefined, head: number): Promise<Footprint | undefined> {
    const header = await this.#source.header(height);
    if (header === undefined) return undefined;
    if (cursor !== undefined && header.parentHash !== cursor.hash) return undefined;
    const block = await this.#source.block(header);
    const keepFrom = Math.min(height, head - this.#setup.options.finality);
    await this.#apply(block, keepFrom);
    this.#setup.observer?.height(height);
    return block;
  }

  async #apply(block: Footprint, keepFrom: number): Promise<void> {
    if (block.logs.length > 0) {
      // Written down first: if we die in between and a reorg takes the block, it is undone.
      await this.#trail.announce(block);
      await this.#setup.handler.apply(toFollowed(block, this.#setup.provider));
    }
    await this.#trail.step(block, keepFrom);
  }

  async #tell({ logs: _, ...head }: Footprint): Promise<void> {
    if (head.number === this.#told) return;
    await this.#setup.handler.onHead?.(head);
    this.#told = head.number;
  }
}

function differentChain(why: string): FatalError {
  return new FatalError(
    "chain/different-chain",
    `This is not the chain that was followed before: ${why}. Use a fresh data directory for a new chain.`,
    { why },
  );
}

function checkOptions(options: FollowerOptions): void {
  const { fromBlock, confirmations, finality, pollMs } = options;
  const isSound =
    [fromBlock, confirmations, finality, pollMs].every((n) => Number.isSafeInteger(n) && n >= 0) &&
    finality >= confirmations &&
    options.addresses.length > 0;
  if (isSound) return;
  throw new FatalError(
    "chain/bad-options",
    "Follower options must be whole and not negative, finality at least confirmations, with an address to follow.",
    { fromBlock, confirmations, finality, pollMs },
  );
}
