import type { Engine, EngineWrite } from "../../runtime/store/engine.ts";
import { entriesOf } from "../../runtime/store/walk.ts";
import type { TrieNodes } from "../trie/trie.ts";
import type { Checkpoint, Head } from "./head.ts";
import { checkpointKey } from "./stateKeys.ts";

/*
 * A checkpoint is a version whose state can still be proven when others have followed. Of every node of the trie that changes behind
 * it, what the node was is kept under the newest checkpoint before the change. So a node at a checkpoint is what is kept of it there,
 * or else at the next checkpoint that has something of it, or else what it is now.
 */

/** Checkpoints of a stream that are kept. */
export const MOST_CHECKPOINTS = 16;
/** A node without children, serialised: the root of an empty trie is not in the engine. */
const EMPTY_NODE = Buffer.alloc(4);

/** Makes the version of a head a checkpoint. @returns the head with it, and those checkpoints that it lets go */
export function withCheckpoint(head: Head): { readonly head: Head; readonly dropped: readonly Checkpoint[] } {
  const { number, root, checkpoints } = head;
  if (number === 0 || checkpoints.at(-1)?.number === number) return { head, dropped: [] };
  const all = [...checkpoints, { number, root }];
  const surplus = Math.max(0, all.length - MOST_CHECKPOINTS);
  return { head: { ...head, checkpoints: all.slice(surplus) }, dropped: all.slice(0, surplus) };
}

/** Takes away what is kept of nodes for checkpoints. */
export async function dropKept(
  engine: Engine,
  stream: number,
  checkpoints: readonly Checkpoint[],
): Promise<EngineWrite[]> {
  const writes: EngineWrite[] = [];
  for (const { number } of checkpoints) {
    const range = { low: checkpointKey(stream, number), high: checkpointKey(stream, number + 1) };
    for await (const [key] of entriesOf(engine, range)) writes.push({ key, value: undefined });
  }
  return writes;
}

/** Nodes that are about to change: what they are is kept for a checkpoint, unless something of them is. */
export class KeptNodes implements TrieNodes {
  readonly writes: EngineWrite[] = [];
  readonly #nodes: TrieNodes;
  readonly #stream: number;
  readonly #checkpoint: number;

  constructor(nodes: TrieNodes, stream: number, { number }: Checkpoint) {
    this.#nodes = nodes;
    this.#stream = stream;
    this.#checkpoint = number;
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const places = keys.map((key) => checkpointKey(this.#stream, this.#checkpoint, key));
    const [found, kept] = [await this.#nodes.getMany(keys), await this.#nodes.getMany(places)];
    // What was found is written over.
    for (const [i, key] of places.entries())
      if (kept[i] === undefined) this.writes.push({ key, value: Buffer.from(found[i] ?? EMPTY_NODE) });
    return found;
  }
}

/** Nodes as they were at a checkpoint. */
export class NodesAt implements TrieNodes {
  readonly #engine: Engine;
  readonly #stream: number;
  readonly #checkpoints: readonly Checkpoint[];

  /** @param checkpoints the one that is asked for, and those behind it */
  constructor(engine: Engine, stream: number, checkpoints: readonly Checkpoint[]) {
    this.#engine = engine;
    this.#stream = stream;
    this.#checkpoints = checkpoints;
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return await Promise.all(keys.map((key) => this.#get(key)));
  }

  async #get(key: Buffer): Promise<Buffer | undefined> {
    for (const { number } of this.#checkpoints) {
      const kept = await this.#engine.get(checkpointKey(this.#stream, number, key));
      if (kept !== undefined) return kept;
    }
    return await this.#engine.get(key);
  }
}
