import type { Bytes } from "../runtime/platform/bytes.ts";

/** What SHA-256 takes at once, bytes. */
export const BLOCK = 64;
/** Behind a message stand a mark and its length. */
const PADDING = 9;

/** Blocks that a message of this length takes. */
export function blocksOf(length: number): number {
  return Math.ceil((length + PADDING) / BLOCK);
}

/** Writes what stands behind messages of one length, which begin at `at`, each in as many blocks as it takes; they may come later. */
export function padAll(bytes: Bytes, at: number, length: number, count: number): void {
  const size = blocksOf(length) * BLOCK;
  const bits = 8 * length;
  for (let start = at; start < at + count * size; start += size) {
    const end = start + size;
    bytes[start + length] = 0x80;
    bytes.fill(0, start + length + 1, end - 4);
    bytes[end - 4] = bits >>> 24;
    bytes[end - 3] = bits >>> 16;
    bytes[end - 2] = bits >>> 8;
    bytes[end - 1] = bits;
  }
}
