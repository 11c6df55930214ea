import { createHash } from "node:crypto";
import fc from "fast-check";
import { TrieChanges } from "../../../../keepers/kv/trie/trieChanges.ts";

export const sha = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

export interface Leaf {
  readonly keyHash: Buffer;
  readonly content: Buffer;
  readonly hash: Buffer;
}

/** What is to stand at a place: without a leaf, nothing. */
export interface Change {
  readonly keyHash: Buffer;
  readonly leaf: Leaf | undefined;
}

export function leafAt(keyHash: Buffer, content: Buffer): Leaf {
  return { keyHash, content, hash: sha(Buffer.of(0), keyHash, content) };
}

/** As the trie takes them. */
export function together(some: readonly Change[]): TrieChanges {
  const message = ({ keyHash, leaf }: Change) => [Buffer.of(0), keyHash, leaf?.content ?? ZERO];
  const gone = Uint8Array.from(some, ({ leaf }) => (leaf === undefined ? 1 : 0));
  const hashes = some.map((one) => sha(...message(one)));
  return new TrieChanges(Buffer.concat(some.flatMap(message)), Buffer.concat(hashes), gone);
}

/** Few first bytes, and many that share them: deep tries of few keys. */
export const keyHash = fc
  .tuple(fc.constantFrom(0x00, 0x01, 0x10, 0xff), fc.constantFrom(0x00, 0x07, 0xff), fc.nat(3), fc.nat(255))
  .map(([a, b, zeros, last]) => Buffer.concat([Buffer.of(a, b), Buffer.alloc(zeros), Buffer.of(last)], 32));

export const changes: fc.Arbitrary<Change[]> = fc.uniqueArray(
  fc
    .tuple(keyHash, fc.option(fc.nat(255), { nil: undefined, freq: 2 }))
    .map(([at, n]) => ({ keyHash: at, leaf: n === undefined ? undefined : leafAt(at, sha(Buffer.of(n))) })),
  { selector: (one) => one.keyHash.toString("hex"), maxLength: 30 },
);

export const ZERO = Buffer.alloc(32);

/** The root by its definition: a leaf as high as it is alone, on levels of four bits; all above are pairs. */
export function rootOf(leaves: readonly Leaf[], depth = 0): Buffer {
  const child = (nibble: number): Buffer => {
    const some = leaves.filter(
      ({ keyHash }) => ((keyHash[depth >> 1]! >> (depth % 2 === 0 ? 4 : 0)) & 15) === nibble,
    );
    if (some.length === 0) return ZERO;
    return some.length === 1 ? some[0]!.hash : rootOf(some, depth + 1);
  };
  let level = Array.from({ length: 16 }, (_, nibble) => child(nibble));
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      sha(Buffer.of(1), level[2 * i]!, level[2 * i + 1]!),
    );
  return level[0]!;
}
