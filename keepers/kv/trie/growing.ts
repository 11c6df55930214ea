import type { TrieChanges } from "./trieChanges.ts";
import { nibbleAt, TrieNode } from "./trieNode.ts";

/** A node that changes, and is still to be read. */
export interface Wanted {
  /** The changes at it or below, by their numbers: from the first up to and without the last. */
  readonly from: number;
  readonly to: number;
  readonly parent: Growing | undefined;
}

/** A node that changes. */
export interface Growing extends Wanted {
  readonly node: TrieNode;
  /** Where it lies; undefined for one that begins. */
  readonly key: Buffer | undefined;
}

/** Takes changes in where they end here, and hands the others down: to nodes that are there, or to ones that begin. */
export function spread(
  one: Growing,
  depth: number,
  changes: TrieChanges,
  wanted: Wanted[],
  fresh: Growing[],
): void {
  const { node } = one;
  for (let from = one.from; from < one.to; ) {
    const nibble = changes.nibbleAt(from, depth);
    let to = from + 1;
    while (to < one.to && changes.nibbleAt(to, depth) === nibble) to++;
    if (node.hasNode(nibble)) wanted.push({ from, to, parent: one });
    else {
      const begun = settle(node, nibble, depth, changes, from, to);
      if (begun !== undefined) fresh.push({ from, to, parent: one, node: begun, key: undefined });
    }
    from = to;
  }
}

/** Leaves to its parent what a node has left that is to go. @param nibble of the node in its parent */
export function collapse({ node, parent }: Growing, nibble: number): void {
  if (!node.giveLone(parent!.node, nibble)) parent!.node.remove(nibble);
}

/** Puts what some changes leave where a leaf or nothing stands. @returns the node that begins there when that is more than a leaf */
function settle(
  node: TrieNode,
  nibble: number,
  depth: number,
  changes: TrieChanges,
  from: number,
  to: number,
): TrieNode | undefined {
  let [stays, living, last] = [node.hasLeaf(nibble), 0, from];
  for (let i = from; i < to; i++) {
    if (stays && node.isAt(nibble, changes.messages, changes.partsAt(i))) stays = false;
    if (changes.isGone(i)) continue;
    living++;
    last = i;
  }
  if (living + (stays ? 1 : 0) > 1) {
    const begun = new TrieNode();
    if (stays) node.giveLeaf(nibble, begun, nibbleAt(node.leaf(nibble).keyHash, depth + 1));
    return begun;
  }
  if (living === 1)
    node.setLeaf(nibble, changes.messages, changes.partsAt(last), changes.hashes, changes.hashAt(last));
  else if (!stays) node.remove(nibble);
  return undefined;
}
