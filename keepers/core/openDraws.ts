import { IBeacon__factory } from "../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import type { BlockHandler, FollowedBlock } from "../runtime/chain/follower.ts";
import { createRecords, plainFormat } from "../runtime/store/records.ts";
import type { Store } from "../runtime/store/store.ts";

/** Where a draw gets its seed from; numbers as in IBeacon.Source. */
export const SOURCE_BLOCK = 0;

/** A draw that was asked for and is neither fulfilled nor expired. */
export interface OpenDraw {
  readonly id: bigint;
  readonly source: number;
  /** Block number, or round. */
  readonly target: bigint;
}

/** The draws that wait, kept over restarts and reorgs. */
export interface OpenDraws {
  readonly handler: Pick<BlockHandler, "apply" | "undo">;
  /** By id, oldest first. */
  all(): AsyncIterable<OpenDraw>;
}

const beacon = IBeacon__factory.createInterface();

export function openDrawsIn(store: Store): OpenDraws {
  const open = createRecords<OpenDraw>(store, "open/", plainFormat());
  const all = createRecords<OpenDraw>(store, "draw/", plainFormat());

  async function begin(draw: OpenDraw): Promise<void> {
    await store.batch([open.putWrite(keyOf(draw.id), draw), all.putWrite(keyOf(draw.id), draw)]);
  }
  async function forget(id: bigint): Promise<void> {
    await store.batch([open.deleteWrite(keyOf(id)), all.deleteWrite(keyOf(id))]);
  }
  async function reopen(id: bigint): Promise<void> {
    const draw = await all.get(keyOf(id));
    if (draw !== undefined) await open.put(keyOf(id), draw);
  }

  return {
    handler: {
      async apply(block) {
        for (const event of eventsOf(block)) {
          if (event.kind === "requested") await begin(event.draw);
          else await open.delete(keyOf(event.id));
        }
      },
      async undo(block) {
        for (const event of eventsOf(block).toReversed()) {
          if (event.kind === "requested") await forget(event.draw.id);
          else await reopen(event.id);
        }
      },
    },
    async *all() {
      for await (const [, draw] of open.scan()) yield draw;
    },
  };
}

type BeaconEvent =
  | { readonly kind: "requested"; readonly draw: OpenDraw }
  | { readonly kind: "over"; readonly id: bigint };

function eventsOf(block: FollowedBlock): BeaconEvent[] {
  const events: BeaconEvent[] = [];
  for (const log of block.logs) {
    const event = beacon.parseLog(log);
    if (event?.name === "DrawRequested") {
      const { id, source, target } = event.args;
      events.push({
        kind: "requested",
        draw: { id: BigInt(id), source: Number(source), target: BigInt(target) },
      });
    }
    if (event?.name === "DrawFulfilled" || event?.name === "DrawExpired") {
      events.push({ kind: "over", id: BigInt(event.args.id) });
    }
  }
  return events;
}

function keyOf(id: bigint): string {
  return id.toString().padStart(20, "0");
}
