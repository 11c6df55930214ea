import { type Leaf, nibbleAt, TrieNode } from "./trieNode.ts";

/** What is to stand at a place: without a leaf, nothing. */
export interface TrieChange {
  /** No two changes have the same. */
  readonly keyHash: Buffer;
  readonly leaf: Leaf | undefined;
}

/** A node that changes, and is still to be read. */
export interface Wanted {
  /** Its path: as many times four bits as it is deep. */
  readonly path: Buffer;
  /** In the order of their places. */
  readonly changes: readonly TrieChange[];
  readonly parent: Growing | undefined;
}

/** A node that changes. */
export interface Growing extends Wanted {
  readonly node: TrieNode;
  /** Where it lies; undefined for one that begins. */
  readonly key: Buffer | undefined;
}

/** Takes changes in where they end here, and hands the others down: to nodes that are there, or to ones that begin. */
export function spread(one: Growing, depth: number, wanted: Wanted[], fresh: Growing[]): void {
  const { node, changes } = one;
  for (let from = 0; from < changes.length; ) {
    const path = changes[from]!.keyHash;
    const nibble = nibbleAt(path, depth);
    let to = from + 1;
    while (to < changes.length && nibbleAt(changes[to]!.keyHash, depth) === nibble) to++;
    const some = from === 0 && to === changes.length ? changes : changes.slice(from, to);
    from = to;
    if (node.hasNode(nibble)) wanted.push({ path, changes: some, parent: one });
    else {
      const leaves = leavesOf(node, nibble, some);
      if (leaves.length > 1)
        fresh.push({ path, changes: leaves, parent: one, node: new TrieNode(), key: undefined });
      else place(node, nibble, leaves[0]?.leaf);
    }
  }
}

/** Leaves to its parent what a node has left that is to go. */
export function collapse({ node, path, parent }: Growing, depth: number): void {
  place(parent!.node, nibbleAt(path, depth - 1), node.lone);
}

function place(node: TrieNode, nibble: number, leaf: Leaf | undefined): void {
  if (leaf === undefined) node.remove(nibble);
  else node.setLeaf(nibble, leaf);
}

/** What comes to stand where a leaf or nothing stands, in the order of the places. */
function leavesOf(node: TrieNode, nibble: number, changes: readonly TrieChange[]): readonly TrieChange[] {
  const living = changes.some(({ leaf }) => leaf === undefined)
    ? changes.filter(({ leaf }) => leaf !== undefined)
    : changes;
  if (!node.hasLeaf(nibble) || changes.some(({ keyHash }) => node.isAt(nibble, keyHash))) return living;
  const leaf = node.leaf(nibble);
  const after = living.findIndex(({ keyHash }) => Buffer.compare(keyHash, leaf.keyHash) > 0);
  return living.toSpliced(after < 0 ? living.length : after, 0, { keyHash: leaf.keyHash, leaf });
}
