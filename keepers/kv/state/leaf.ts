import { sha256 } from "../../coding/merkle.ts";
import type { TrieChange } from "../trie/growing.ts";
import { hashOfLeaf } from "../trie/trieProof.ts";
import type { Entry } from "./entry.ts";
import { SPACES, type SpacedKey } from "./stateKeys.ts";

const VERSION_BYTES = 8;

/**
 * An entry in the trie: at SHA-256(space || key), with the content SHA-256(version u64 || value). What was deleted has no leaf, and
 * nonces and counts have none: they say nothing of a stream's content.
 */
export function leafOf(key: SpacedKey, { version, value }: Entry): TrieChange {
  const keyHash = placeOf(key);
  if (value === undefined) return { keyHash, leaf: undefined };
  const content = contentOf(version, value);
  return { keyHash, leaf: { keyHash, content, hash: hashOfLeaf(keyHash, content) } };
}

export function hasLeaf(key: SpacedKey): boolean {
  return key[0] === SPACES.data || key[0] === SPACES.access;
}

export function placeOf(key: SpacedKey): Buffer {
  return sha256(key) as Buffer;
}

export function contentOf(version: number, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(VERSION_BYTES + value.length);
  bytes.writeBigUInt64BE(BigInt(version));
  bytes.set(value, VERSION_BYTES);
  return sha256(bytes) as Buffer;
}
