import { createHash } from "node:crypto";

/** Binary SHA-256 tree in the style of RFC 6962 over a power of two of leaves. */
export interface Tree {
  readonly root: Uint8Array;
  /** Siblings from the leaf up. */
  path(index: number): Uint8Array[];
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function hashLeaf(data: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), data);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(1), left, right);
}

export function growTree(leaves: readonly Uint8Array[]): Tree {
  const levels = [leaves.map(hashLeaf)];
  for (let level = levels[0]!; level.length > 1; level = levels.at(-1)!) {
    levels.push(
      Array.from({ length: level.length / 2 }, (_, i) => hashNode(level[2 * i]!, level[2 * i + 1]!)),
    );
  }
  return {
    root: levels.at(-1)![0]!,
    path: (index) => levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1]!),
  };
}

/** Root that a leaf and its path lead to. */
export function climb(data: Uint8Array, index: number, path: readonly Uint8Array[]): Uint8Array {
  return path.reduce(
    (hash, sibling, height) => ((index >> height) & 1 ? hashNode(sibling, hash) : hashNode(hash, sibling)),
    hashLeaf(data),
  );
}
