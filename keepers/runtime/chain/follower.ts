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

/** A place on the chain. */
export type BlockHeader = Omit<FollowedBlock, "logs">;

/**
 * What a keeper does with the chain. Calls are awaited in order; the cursor moves only after they resolve, so after a crash
 * the last call comes again: every call must be idempotent. An error with `retry` false stops the follower; after any other
 * the same call comes again.
 */
export interface BlockHandler {
  /** Comes for every block that has logs of the followed contracts, oldest first. */
  apply(block: FollowedBlock): Promise<void>;
  /** Undoes a block that a reorg removed, newest first; the block may have been applied in part, or not at all. */
  undo(block: FollowedBlock): Promise<void>;
  /** Comes when everything up to this block, the newest confirmed one, has been applied; not for every block. */
  onHead?(head: BlockHeader): Promise<void>;
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
