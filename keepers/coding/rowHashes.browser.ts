import type { Bytes } from "../runtime/platform/bytes.ts";
import { writeSha256 } from "../runtime/platform/hashes.ts";
import { type OpenKernel, openKernel, prepareSha, shaBytes } from "./kernel.ts";
import { BLOCK, blocksOf, padAll } from "./padding.ts";

/** As in rowHashes.ts. */
export interface Messages {
  readonly count: number;
  readonly length: number;
  at(index: number): Uint8Array;
}

const hashBytes = 32;
/** Messages that are hashed together; a multiple of the kernel's four lanes. */
const AT_ONCE = 64;
/** Longest message that has room: rows of 2 KiB. */
const MOST_BLOCKS = 33;
const hashesAt = shaBytes;
const messagesAt = hashesAt + AT_ONCE * hashBytes;

/** As rowHashes.ts, four lanes at a time: nothing in a page that answers at once hashes faster. */
export function writeHashes(messages: Messages, target: Bytes, at: number): void {
  const blocks = blocksOf(messages.length);
  if (blocks > MOST_BLOCKS) {
    for (let index = 0; index < messages.count; index++)
      writeSha256(messages.at(index), target, at + index * hashBytes);
    return;
  }
  opened ??= open();
  const { bytes, kernel } = opened;
  padAll(bytes, messagesAt, messages.length, Math.min(AT_ONCE, messages.count));
  for (let first = 0; first < messages.count; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, messages.count - first);
    for (let i = 0; i < count; i++) bytes.set(messages.at(first + i), messagesAt + i * blocks * BLOCK);
    kernel.hashBlocks(messagesAt, blocks, hashesAt, Math.ceil(count / 4) * 4, 0);
    target.set(bytes.subarray(hashesAt, hashesAt + count * hashBytes), at + first * hashBytes);
  }
}

/** Kernels and a memory for them: the same for every message, so a page makes them once, when it first hashes rows. */
let opened: OpenKernel | undefined;

function open(): OpenKernel {
  const made = openKernel(messagesAt + AT_ONCE * MOST_BLOCKS * BLOCK);
  prepareSha(made, messagesAt, 0);
  return made;
}
