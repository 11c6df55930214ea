import { HASH_BYTES, nibbleAt } from "./trieNode.ts";

/** Of a leaf: SHA-256(0x00 || place || content). */
export const MESSAGE_BYTES = 1 + 2 * HASH_BYTES;
const DOUBLE_BITS = 53;
const START_BITS = 32;

/**
 * What is to stand at some places, no two of them the same: a leaf each, or nothing. All lie end to end in few buffers, for an
 * update has thousands of them, and are named by their numbers in the order of the places.
 */
export class TrieChanges {
  /** 0x00, place and content of each, as they were given; the content of what is gone says nothing. */
  readonly messages: Buffer;
  /** SHA-256 of each message. */
  readonly hashes: Buffer;
  readonly #gone: Uint8Array;
  readonly #order: Uint32Array;

  /** @param gone 1 where nothing is to stand */
  constructor(messages: Buffer, hashes: Buffer, gone: Uint8Array) {
    [this.messages, this.hashes, this.#gone] = [messages, hashes, gone];
    this.#order = inOrder(messages, gone.length);
  }

  get count(): number {
    return this.#order.length;
  }

  /** Where the place of a change begins in the messages; its content follows it. */
  partsAt(number: number): number {
    return this.#order[number]! * MESSAGE_BYTES + 1;
  }

  /** Where the hash of its leaf begins. */
  hashAt(number: number): number {
    return this.#order[number]! * HASH_BYTES;
  }

  isGone(number: number): boolean {
    return this.#gone[this.#order[number]!] === 1;
  }

  /** Four bits of its place. */
  nibbleAt(number: number, depth: number): number {
    return nibbleAt(this.messages, depth, this.partsAt(number));
  }
}

/**
 * Indices by the places that they are at. What a place starts with and its index fit into one number, and numbers are sorted
 * without a call for each two of them; the few that start alike are put in order after that.
 */
function inOrder(messages: Buffer, count: number): Uint32Array {
  const indexBits = 32 - Math.clz32(count);
  const startBits = Math.min(START_BITS, DOUBLE_BITS - indexBits);
  const unit = 2 ** indexBits;
  const marks = new Float64Array(count);
  for (let i = 0; i < count; i++)
    marks[i] = (messages.readUInt32BE(i * MESSAGE_BYTES + 1) >>> (START_BITS - startBits)) * unit + i;
  marks.sort();
  const order = Uint32Array.from(marks, (mark) => mark % unit);
  for (let from = 0; from < count; ) {
    const start = Math.floor(marks[from]! / unit);
    let to = from + 1;
    while (to < count && Math.floor(marks[to]! / unit) === start) to++;
    if (to - from > 1) order.subarray(from, to).sort((a, b) => compare(messages, a, b));
    from = to;
  }
  return order;
}

function compare(messages: Buffer, a: number, b: number): number {
  const [one, other] = [a * MESSAGE_BYTES, b * MESSAGE_BYTES];
  return messages.compare(messages, other, other + MESSAGE_BYTES, one, one + MESSAGE_BYTES);
}
