import type { Log } from "ethers";

export interface FollowedBlock {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** Seconds. */
  readonly timestamp: number;
  /** Logs of the followed contracts, in order. */
  readonly logs: readonly Log[];
}

/** What a keeper does with the chain. Both calls are awaited in order; the cursor moves only after they resolve. */
export interface BlockHandler {
  apply(block: FollowedBlock): Promise<void>;
  /** Undoes a block that a reorg removed; newest first. */
  undo(block: FollowedBlock): Promise<void>;
}

export interface FollowerOptions {
  /** First block to look at on a fresh start. */
  readonly fromBlock: number;
  readonly addresses: readonly string[];
  /** Blocks on top of a block before it is applied. */
  readonly confirmations: number;
  /** Depth that is never undone; a deeper reorg stops the keeper loudly. */
  readonly finality: number;
  readonly pollMs: number;
}
