import { concat, keccak256, ZeroHash } from "ethers";

/** Merkle tree hash of RFC 6962 section 2.1 over 32-byte entries, with keccak256, straight from its definition. */
export function treeHash(entries: readonly string[]): string {
  if (entries.length === 0) return ZeroHash;
  if (entries.length === 1) return keccak256(concat(["0x00", entries[0]!]));
  const split = largestPowerOfTwoBelow(entries.length);
  return keccak256(concat(["0x01", treeHash(entries.slice(0, split)), treeHash(entries.slice(split))]));
}

/** Audit path of RFC 6962 section 2.1.1, bottom to top. */
export function auditPath(entries: readonly string[], index: number): string[] {
  if (entries.length === 1) return [];
  const split = largestPowerOfTwoBelow(entries.length);
  return index < split
    ? [...auditPath(entries.slice(0, split), index), treeHash(entries.slice(split))]
    : [...auditPath(entries.slice(split), index - split), treeHash(entries.slice(0, split))];
}

function largestPowerOfTwoBelow(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}
