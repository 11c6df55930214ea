import { sha256 } from "../runtime/platform/hashes.ts";
import { openKernel, prepareSha, shaBytes } from "./kernel.ts";
import { hashBytes } from "./merkle.ts";
import { BLOCK, blocksOf, padAll } from "./padding.ts";

/** From here on native code is faster, blocks. */
const MOST_BLOCKS = 4;
/** Messages that are hashed together at most; a multiple of the kernel's four lanes. */
const AT_ONCE = 256;
const LANES = 4;
const messagesAt = shaBytes;
const hashesAt = messagesAt + AT_ONCE * MOST_BLOCKS * BLOCK;
const size = hashesAt + AT_ONCE * hashBytes;

/** SHA-256 of many short messages, four lanes at a time. */
export class MessageHasher {
  readonly #open = openKernel(size);
  /** Of the messages in each number of blocks, which wait for others to be hashed with. */
  readonly #waiting: number[][] = Array.from({ length: MOST_BLOCKS + 1 }, () => []);

  constructor() {
    prepareSha(this.#open, messagesAt, 0);
  }

  /** The hashes of messages without their first `skip` bytes, end to end. */
  hash(messages: readonly Buffer[], skip = 0): Buffer {
    const hashes = Buffer.allocUnsafe(messages.length * hashBytes);
    for (const [i, message] of messages.entries()) {
      const blocks = blocksOf(message.length - skip);
      if (blocks > MOST_BLOCKS) hashes.set(sha256(message.subarray(skip)), i * hashBytes);
      else if (this.#waiting[blocks]!.push(i) === AT_ONCE) this.#flush(blocks, messages, skip, hashes);
    }
    for (let blocks = 1; blocks <= MOST_BLOCKS; blocks++) this.#flush(blocks, messages, skip, hashes);
    return hashes;
  }

  /** The hashes of messages of one length, up to four blocks, which lie end to end themselves. */
  hashEach(messages: Buffer, length: number): Buffer {
    const count = messages.length / length;
    const blocks = blocksOf(length);
    const hashes = Buffer.allocUnsafe(count * hashBytes);
    const { bytes } = this.#open;
    padAll(bytes, messagesAt, length, Math.min(AT_ONCE, count));
    for (let from = 0; from < count; from += AT_ONCE) {
      const some = Math.min(AT_ONCE, count - from);
      for (let i = 0; i < some; i++)
        messages.copy(bytes, messagesAt + i * blocks * BLOCK, (from + i) * length, (from + i + 1) * length);
      this.#run(blocks, some);
      bytes.copy(hashes, from * hashBytes, hashesAt, hashesAt + some * hashBytes);
    }
    return hashes;
  }

  #flush(blocks: number, messages: readonly Buffer[], skip: number, hashes: Buffer): void {
    const waiting = this.#waiting[blocks]!;
    const { bytes } = this.#open;
    let at = messagesAt;
    for (const i of waiting) {
      const length = messages[i]!.copy(bytes, at, skip);
      padAll(bytes, at, length, 1);
      at += blocks * BLOCK;
    }
    this.#run(blocks, waiting.length);
    for (const [j, i] of waiting.entries()) {
      const from = hashesAt + j * hashBytes;
      bytes.copy(hashes, i * hashBytes, from, from + hashBytes);
    }
    waiting.length = 0;
  }

  /** Hashes what was written; lanes that are left over hash what lies there. */
  #run(blocks: number, count: number): void {
    this.#open.kernel.hashBlocks(messagesAt, blocks, hashesAt, Math.ceil(count / LANES) * LANES, 0);
  }
}
