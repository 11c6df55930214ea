import { sha256 } from "../../coding/merkle.ts";
import type { TrieChange } from "../trie/trie.ts";
import type { Entry } from "./entry.ts";
import { SPACES, type SpacedKey } from "./stateKeys.ts";

const LEAF_BYTES = 1 + 32 + 8 + 32;

/**
 * The leaf of an entry: at SHA-256(space || key), SHA-256(0x00 || that || version u64 || SHA-256(value)). What was deleted has no
 * leaf, and nonces have none: they say nothing of a stream's content.
 */
export function leafOf(key: SpacedKey, { version, value }: Entry): TrieChange {
  const keyHash = sha256(key) as Buffer;
  if (value === undefined) return { keyHash, hash: undefined };
  const bytes = Buffer.allocUnsafe(LEAF_BYTES);
  bytes[0] = 0;
  keyHash.copy(bytes, 1);
  bytes.writeBigUInt64BE(BigInt(version), 33);
  bytes.set(sha256(value), 41);
  return { keyHash, hash: sha256(bytes) as Buffer };
}

export function hasLeaf(key: SpacedKey): boolean {
  return key[0] !== SPACES.nonces;
}
