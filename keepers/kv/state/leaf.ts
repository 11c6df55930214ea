import type { MessageHasher } from "../../coding/messageHasher.ts";
import { MESSAGE_BYTES, TrieChanges } from "../trie/trieChanges.ts";
import { HASH_BYTES } from "../trie/trieNode.ts";
import { contentIn, FLAGS_BYTES, isDeleted } from "./entry.ts";
import { ENTRY_PREFIX_BYTES, type EntryKey, SPACES } from "./stateKeys.ts";

/** A key, and its latest entry, serialised. */
export interface KeyRecord {
  readonly key: EntryKey;
  readonly value: Buffer;
}

/**
 * Entries in the trie: at SHA-256(space || key), with the content SHA-256(version u64 || value). What was deleted has no leaf.
 */
export function leavesOf(some: readonly KeyRecord[], hasher: MessageHasher): TrieChanges {
  const keys = some.map(({ key }) => key);
  const records = some.map(({ value }) => value);
  const places = hasher.hash(keys, ENTRY_PREFIX_BYTES);
  const contents = hasher.hash(records, FLAGS_BYTES);
  const messages = Buffer.alloc(some.length * MESSAGE_BYTES);
  const gone = new Uint8Array(some.length);
  for (const [i, record] of records.entries()) {
    const [at, from] = [i * MESSAGE_BYTES + 1, i * HASH_BYTES];
    places.copy(messages, at, from, from + HASH_BYTES);
    const apart = contentIn(record);
    if (apart === undefined) contents.copy(messages, at + HASH_BYTES, from, from + HASH_BYTES);
    else apart.copy(messages, at + HASH_BYTES);
    if (isDeleted(record)) gone[i] = 1;
  }
  return new TrieChanges(messages, hasher.hashEach(messages, MESSAGE_BYTES), gone);
}

/** Nonces and counts have no leaf: they say nothing of a stream's content. */
export function hasLeaf(key: EntryKey): boolean {
  const space = key[ENTRY_PREFIX_BYTES];
  return space === SPACES.data || space === SPACES.access;
}
