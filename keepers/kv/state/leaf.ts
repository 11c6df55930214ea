import { sha256 } from "../../coding/merkle.ts";
import type { MessageHasher } from "../../coding/messageHasher.ts";
import type { TrieChange } from "../trie/growing.ts";
import { HASH_BYTES } from "../trie/trieNode.ts";
import { contentIn, FLAGS_BYTES, isDeleted } from "./entry.ts";
import { SPACES, type SpacedKey } from "./stateKeys.ts";

/** Of a leaf: SHA-256(0x00 || place || content). */
const MESSAGE_BYTES = 1 + 2 * HASH_BYTES;

/** A key, and what it holds, serialised. */
export interface KeyRecord {
  readonly key: SpacedKey;
  readonly record: Buffer;
}

/**
 * Entries in the trie: at SHA-256(space || key), with the content SHA-256(version u64 || value). What was deleted has no leaf.
 */
export function leavesOf(some: readonly KeyRecord[], hasher: MessageHasher): TrieChange[] {
  const places = hasher.hash(some.map(({ key }) => key));
  const contents = hasher.hash(
    some.map(({ record }) => record),
    FLAGS_BYTES,
  );
  for (const [i, { record }] of some.entries()) contentIn(record)?.copy(contents, i * HASH_BYTES);
  const leaves = Buffer.alloc(some.length * MESSAGE_BYTES);
  const messages = some.map((_, i) => {
    const [at, from] = [i * MESSAGE_BYTES, i * HASH_BYTES];
    places.copy(leaves, at + 1, from, from + HASH_BYTES);
    contents.copy(leaves, at + 1 + HASH_BYTES, from, from + HASH_BYTES);
    return leaves.subarray(at, at + MESSAGE_BYTES);
  });
  const hashes = hasher.hash(messages);
  return some.map(({ record }, i) => {
    const keyHash = hashAt(places, i);
    const isGone = isDeleted(record);
    return {
      keyHash,
      leaf: isGone ? undefined : { keyHash, content: hashAt(contents, i), hash: hashAt(hashes, i) },
    };
  });
}

/** Nonces and counts have no leaf: they say nothing of a stream's content. */
export function hasLeaf(key: SpacedKey): boolean {
  return key[0] === SPACES.data || key[0] === SPACES.access;
}

export function placeOf(key: SpacedKey): Buffer {
  return sha256(key) as Buffer;
}

function hashAt(hashes: Buffer, index: number): Buffer {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
