import type { LogParams } from "ethers";
import { createRecords, plainFormat } from "../store/records.ts";
import type { Store, StoreWrite } from "../store/store.ts";
import type { BlockHeader } from "./follower.ts";

/** A block that the follower has been at, with its logs as plain data. */
export interface Footprint extends BlockHeader {
  readonly logs: readonly LogParams[];
}

/**
 * What a follower remembers: the chain's first block, and its last steps down to the finality depth, so that it can find its
 * way back. The newest step is the cursor; `pending` is a block whose apply has begun.
 */
export interface Trail {
  genesis(): Promise<string | undefined>;
  begin(genesisHash: string): Promise<void>;
  /** Newest first. */
  steps(): AsyncIterable<Footprint>;
  cursor(): Promise<Footprint | undefined>;
  pending(): Promise<Footprint | undefined>;
  /** Before a block is applied. */
  announce(block: Footprint): Promise<void>;
  /** After it was applied, or needed no apply; steps before `keepFrom` can no longer be undone and are forgotten. */
  step(block: Footprint, keepFrom: number): Promise<void>;
  /** After a block was undone. */
  retract(block: Footprint): Promise<void>;
}

/** Old steps dropped with each new one; more than one, so that the trail shortens to its length. */
const FORGET_AT_ONCE = 8;

export function createTrail(store: Store): Trail {
  const steps = createRecords<Footprint>(store, "step/", plainFormat());
  const marks = createRecords<Footprint>(store, "mark/", plainFormat());
  const genesis = createRecords<string>(store, "genesis", plainFormat());
  async function* newestFirst(): AsyncIterable<Footprint> {
    for await (const [, block] of steps.scan({ reverse: true })) yield block;
  }
  return {
    genesis: () => genesis.get("Hash"),
    begin: (hash) => genesis.put("Hash", hash),
    steps: newestFirst,
    async cursor() {
      for await (const block of newestFirst()) return block;
      return undefined;
    },
    pending: () => marks.get("pending"),
    announce: (block) => marks.put("pending", block),
    async step(block, keepFrom) {
      const forgotten: StoreWrite[] = [];
      for await (const [key, old] of steps.scan({ limit: FORGET_AT_ONCE })) {
        if (old.number >= keepFrom) break;
        forgotten.push(steps.deleteWrite(key));
      }
      await store.batch([
        ...forgotten,
        steps.putWrite(stepKey(block.number), block),
        marks.deleteWrite("pending"),
      ]);
    },
    retract: (block) => store.batch([steps.deleteWrite(stepKey(block.number)), marks.deleteWrite("pending")]),
  };
}

function stepKey(height: number): string {
  return String(height).padStart(16, "0");
}
