import { openKernel, prepareSha, shaBytes } from "./kernel.ts";
import { hashBytes, sha256 } from "./merkle.ts";

const BLOCK = 64;
/** Behind a message stand a mark and its length. */
const PADDING = 9;
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
  hash(messages: readonly Uint8Array[], skip = 0): Buffer {
    const hashes = Buffer.allocUnsafe(messages.length * hashBytes);
    for (const [i, message] of messages.entries()) {
      const blocks = Math.ceil((message.length - skip + PADDING) / BLOCK);
      if (blocks > MOST_BLOCKS) hashes.set(sha256(message.subarray(skip)), i * hashBytes);
      else if (this.#waiting[blocks]!.push(i) === AT_ONCE) this.#flush(blocks, messages, skip, hashes);
    }
    for (let blocks = 1; blocks <= MOST_BLOCKS; blocks++) this.#flush(blocks, messages, skip, hashes);
    return hashes;
  }

  #flush(blocks: number, messages: readonly Uint8Array[], skip: number, hashes: Buffer): void {
    const waiting = this.#waiting[blocks]!;
    const { bytes, kernel } = this.#open;
    let at = messagesAt;
    for (const i of waiting) at = pad(bytes, at, messages[i]!, skip, blocks);
    kernel.hashBlocks(messagesAt, blocks, hashesAt, Math.ceil(waiting.length / LANES) * LANES, 0);
    for (const [j, i] of waiting.entries()) {
      const from = hashesAt + j * hashBytes;
      bytes.copy(hashes, i * hashBytes, from, from + hashBytes);
    }
    waiting.length = 0;
  }
}

/** Writes a message as it is hashed; returns where the next belongs. */
function pad(bytes: Buffer, at: number, message: Uint8Array, skip: number, blocks: number): number {
  const end = at + blocks * BLOCK;
  const mark = at + message.length - skip;
  if (skip === 0) bytes.set(message, at);
  else bytes.set(message.subarray(skip), at);
  bytes[mark] = 0x80;
  bytes.fill(0, mark + 1, end - 4);
  bytes.writeUInt32BE(8 * (mark - at), end - 4);
  return end;
}
