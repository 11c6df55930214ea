import { FatalError } from "../../runtime/errors.ts";
import type { EngineWrite } from "../../runtime/store/engine.ts";
import { collapse, type Growing, spread, type Wanted } from "./growing.ts";
import type { NodeHasher } from "./nodeHasher.ts";
import { siblingsIn } from "./siblings.ts";
import type { TrieChanges } from "./trieChanges.ts";
import { HASH_BYTES, nibbleAt, TrieNode } from "./trieNode.ts";
import type { TrieProof } from "./trieProof.ts";

export interface TrieNodes {
  /** Serialised nodes, as they lie in the engine; what is handed out is written over. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
}

/** What an update comes to. */
export interface TrieUpdate {
  readonly root: Buffer;
  readonly writes: EngineWrite[];
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

  /** The writes that take the changes in, and the root behind them. @param nodes where they are found, unless as always */
  async update(changes: TrieChanges, nodes = this.#nodes): Promise<TrieUpdate> {
    const levels: Growing[][] = [];
    let wanted: Wanted[] = [{ from: 0, to: changes.count, parent: undefined }];
    let fresh: Growing[] = [];
    for (let depth = 0; wanted.length + fresh.length > 0; depth++) {
      const keys = wanted.map(({ from }) => this.#keyOf(changes, from, depth));
      const found = await nodes.getMany(keys);
      const level = wanted.map(({ from, to, parent }, i) => {
        return { from, to, parent, key: keys[i], node: nodeOf(found[i], depth) };
      });
      for (const one of fresh) level.push(one);
      levels.push(level);
      [wanted, fresh] = [[], []];
      for (const one of level) spread(one, depth, changes, wanted, fresh);
    }
    return this.#close(changes, levels);
  }

  /** What stands at a place, or that nothing does; to be checked by `contentProven`. @param nodes as for `update` */
  async prove(keyHash: Buffer, nodes = this.#nodes): Promise<TrieProof> {
    const steps: Buffer[][] = [];
    for (let depth = 0; ; depth++) {
      const [bytes] = await nodes.getMany([this.keyOf(keyHash, depth)]);
      const node = nodeOf(bytes, depth);
      const nibble = nibbleAt(keyHash, depth);
      steps.push(siblingsIn(node, nibble));
      if (node.hasNode(nibble)) continue;
      const leaf = node.hasLeaf(nibble) ? node.leaf(nibble) : undefined;
      return {
        siblings: steps.toReversed().flat(),
        leaf: leaf && { keyHash: leaf.keyHash, content: leaf.content },
      };
    }
  }

  /** Key of the node whose path is the first `depth` times four bits of what lies at `pathAt` of `path`. */
  keyOf(path: Uint8Array, depth: number, pathAt = 0): Buffer {
    const bytes = (depth + 1) >> 1;
    const key = Buffer.allocUnsafe(this.#prefix.length + 1 + bytes);
    key.set(this.#prefix, 0);
    let at = this.#prefix.length;
    key[at++] = depth;
    for (let i = 0; i < bytes; i++) key[at++] = path[pathAt + i]!;
    if (depth % 2 === 1) key[at - 1]! &= 0xf0;
    return key;
  }

  /** From the deepest level up: hashes nodes, and takes away those that one leaf or nothing is left of. */
  #close(changes: TrieChanges, levels: readonly Growing[][]): TrieUpdate {
    const writes: EngineWrite[] = [];
    const root = Buffer.allocUnsafe(HASH_BYTES);
    for (let depth = levels.length - 1; depth >= 0; depth--) {
      const staying: Growing[] = [];
      for (const one of levels[depth]!) {
        if (depth === 0 || !one.node.isLone) staying.push(one);
        else {
          collapse(one, changes.nibbleAt(one.from, depth - 1));
          if (one.key !== undefined) writes.push({ key: one.key, value: undefined });
        }
      }
      this.#hasher.hash(staying, ({ parent, from, node, key }, bytes, at) => {
        if (parent === undefined) bytes.copy(root, 0, at, at + HASH_BYTES);
        else parent.node.setNode(changes.nibbleAt(from, depth - 1), bytes, at);
        writes.push({ key: key ?? this.#keyOf(changes, from, depth), value: node.encode() });
      });
    }
    return { root, writes };
  }

  #keyOf(changes: TrieChanges, number: number, depth: number): Buffer {
    return this.keyOf(changes.messages, depth, changes.partsAt(number));
  }
}

function nodeOf(bytes: Buffer | undefined, depth: number): TrieNode {
  if (bytes !== undefined || depth === 0) return new TrieNode(bytes);
  throw new FatalError("kv/broken-state", `a node at depth ${depth} of a trie is missing`);
}
