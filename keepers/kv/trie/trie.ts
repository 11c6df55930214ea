import { FatalError } from "../../runtime/errors.ts";
import type { EngineWrite } from "../../runtime/store/engine.ts";
import type { NodeHasher } from "./nodeHasher.ts";
import {
  emptySlots,
  encodeNode,
  HASH_BYTES,
  type Leaf,
  nibbleAt,
  parseNode,
  type Slot,
  type Slots,
} from "./trieNode.ts";
import { siblingsIn, type TrieProof } from "./trieProof.ts";

/** What is to stand at a place: without a leaf, nothing. */
export interface TrieChange {
  /** No two changes have the same. */
  readonly keyHash: Buffer;
  readonly leaf: Leaf | undefined;
}

export interface TrieNodes {
  /** Serialised nodes, as they lie in the engine. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
}

/** What an update comes to. */
export interface TrieUpdate {
  readonly root: Buffer;
  readonly writes: EngineWrite[];
}

/** A node that changes. */
interface Growing {
  /** Its path: the first `depth` times four bits. */
  readonly path: Buffer;
  readonly slots: Slots;
  readonly changes: readonly TrieChange[];
  readonly parent: Growing | undefined;
}

/**
 * A Merkle trie over the hashes of keys, four bits a level. A leaf stands as high as it is alone under its path, so that a set of
 * leaves has one trie, however it came about. Nodes lie in an engine under the keys that `keyOf` makes.
 */
export class Trie {
  readonly #nodes: TrieNodes;
  readonly #hasher: NodeHasher;
  readonly #prefix: Buffer;

  constructor(nodes: TrieNodes, hasher: NodeHasher, prefix: Buffer) {
    this.#nodes = nodes;
    this.#hasher = hasher;
    this.#prefix = prefix;
  }

  /** The writes that take the changes in, and the root behind them. */
  async update(changes: readonly TrieChange[]): Promise<TrieUpdate> {
    const sorted = changes.toSorted((a, b) => Buffer.compare(a.keyHash, b.keyHash));
    const levels: Growing[][] = [];
    let wanted: Omit<Growing, "slots">[] = [
      { path: Buffer.alloc(HASH_BYTES), changes: sorted, parent: undefined },
    ];
    let fresh: Growing[] = [];
    for (let depth = 0; wanted.length + fresh.length > 0; depth++) {
      const found = await this.#nodes.getMany(wanted.map(({ path }) => this.keyOf(path, depth)));
      const known = wanted.map((one, i) => ({ ...one, slots: slotsOf(found[i], depth) }));
      const level = [...known, ...fresh];
      levels.push(level);
      [wanted, fresh] = [[], []];
      for (const node of level) spread(node, depth, wanted, fresh);
    }
    return this.#close(levels);
  }

  /** What stands at a place, or that nothing does; to be checked by `contentProven`. */
  async prove(keyHash: Buffer): Promise<TrieProof> {
    const steps: Buffer[][] = [];
    for (let depth = 0; ; depth++) {
      const [bytes] = await this.#nodes.getMany([this.keyOf(keyHash, depth)]);
      const slots = slotsOf(bytes, depth);
      const nibble = nibbleAt(keyHash, depth);
      steps.push(siblingsIn(slots, nibble));
      const slot = slots[nibble];
      if (slot !== undefined && slot.keyHash === undefined) continue;
      const leaf = slot && { keyHash: slot.keyHash, content: slot.content };
      return { siblings: steps.toReversed().flat(), leaf };
    }
  }

  /** Key of the node whose path is the first `depth` times four bits of `path`. */
  keyOf(path: Uint8Array, depth: number): Buffer {
    const bytes = (depth + 1) >> 1;
    const key = Buffer.allocUnsafe(this.#prefix.length + 1 + bytes);
    let at = this.#prefix.copy(key, 0);
    at = key.writeUInt8(depth, at);
    key.set(path.subarray(0, bytes), at);
    if (depth % 2 === 1) key[at + bytes - 1]! &= 0xf0;
    return key;
  }

  /** From the deepest level up: hashes nodes, and takes away those that one leaf or nothing is left of. */
  #close(levels: readonly Growing[][]): TrieUpdate {
    const writes: EngineWrite[] = [];
    let root: Buffer = Buffer.alloc(0);
    for (let depth = levels.length - 1; depth >= 0; depth--) {
      const staying: Growing[] = [];
      for (const node of levels[depth]!) {
        const only = depth === 0 ? undefined : onlyOf(node.slots);
        if (only === undefined) staying.push(node);
        else {
          node.parent!.slots[nibbleAt(node.path, depth - 1)] = only.slot;
          writes.push({ key: this.keyOf(node.path, depth), value: undefined });
        }
      }
      const hashes = this.#hasher.hash(staying.map(({ slots }) => slots));
      for (const [i, node] of staying.entries()) {
        const hash = hashes[i]!;
        if (node.parent === undefined) root = hash;
        else node.parent.slots[nibbleAt(node.path, depth - 1)] = { keyHash: undefined, hash };
        writes.push({ key: this.keyOf(node.path, depth), value: encodeNode(node.slots) });
      }
    }
    return { root, writes };
  }
}

/** Takes changes in where they end here, and hands the others down: to nodes that are there, or to ones that begin. */
function spread(node: Growing, depth: number, wanted: Omit<Growing, "slots">[], fresh: Growing[]): void {
  const { slots, changes } = node;
  for (let from = 0; from < changes.length; ) {
    const nibble = nibbleAt(changes[from]!.keyHash, depth);
    let to = from + 1;
    while (to < changes.length && nibbleAt(changes[to]!.keyHash, depth) === nibble) to++;
    const some = changes.slice(from, to);
    const path = some[0]!.keyHash;
    const slot = slots[nibble];
    if (slot !== undefined && slot.keyHash === undefined) wanted.push({ path, changes: some, parent: node });
    else {
      const leaves = leavesOf(slot, some);
      if (leaves.length > 1) {
        slots[nibble] = undefined;
        fresh.push({ path, slots: emptySlots(), changes: leaves, parent: node });
      } else slots[nibble] = leaves[0]?.leaf;
    }
    from = to;
  }
}

/** What stands where a leaf or nothing stood, in the order of the keys' hashes. */
function leavesOf(slot: Slot | undefined, changes: readonly TrieChange[]): TrieChange[] {
  const living = changes.filter(({ leaf }) => leaf !== undefined);
  const old = slot?.keyHash;
  if (slot === undefined || old === undefined || changes.some(({ keyHash }) => keyHash.equals(old)))
    return living;
  const place = living.findIndex(({ keyHash }) => Buffer.compare(keyHash, old) > 0);
  return living.toSpliced(place < 0 ? living.length : place, 0, { keyHash: old, leaf: slot });
}

/** The one leaf of a node that has nothing else, or that it has nothing at all; undefined for any other node. */
function onlyOf(slots: Slots): { readonly slot: Slot | undefined } | undefined {
  let slot: Slot | undefined;
  for (const one of slots) {
    if (one === undefined) continue;
    if (slot !== undefined || one.keyHash === undefined) return undefined;
    slot = one;
  }
  return { slot };
}

function slotsOf(bytes: Buffer | undefined, depth: number): Slots {
  if (bytes !== undefined) return parseNode(bytes);
  if (depth === 0) return emptySlots();
  throw new FatalError("kv/broken-state", `a node at depth ${depth} of a trie is missing`);
}
