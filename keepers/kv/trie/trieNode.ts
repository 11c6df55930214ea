import { FatalError } from "../../runtime/errors.ts";

/** Children of a node: one for each value of four bits. */
export const CHILDREN = 16;
export const HASH_BYTES = 32;
const MASKS_BYTES = 4;

export interface Leaf {
  /** Where it belongs. */
  readonly keyHash: Buffer;
  /** Hash of what is there. */
  readonly content: Buffer;
  /** SHA-256(0x00 || keyHash || content). */
  readonly hash: Buffer;
}

/** A child: a leaf, or an inner node, of which its parent knows the hash. */
export type Slot = Leaf | { readonly keyHash: undefined; readonly hash: Buffer };

/** The children of a node, by their four bits. */
export type Slots = (Slot | undefined)[];

export function emptySlots(): Slots {
  return new Array<Slot | undefined>(CHILDREN).fill(undefined);
}

/** Four bits of a key's hash. */
export function nibbleAt(keyHash: Uint8Array, depth: number): number {
  const byte = keyHash[depth >> 1]!;
  return depth % 2 === 0 ? byte >> 4 : byte & 15;
}

/** Serialises a node: masks of its leaves and of its inner nodes, u16 each, then each child's hash, a leaf's behind its parts. */
export function encodeNode(slots: Slots): Buffer {
  let [leaves, nodes, count] = [0, 0, 0];
  for (const [nibble, slot] of slots.entries()) {
    if (slot === undefined) continue;
    if (slot.keyHash === undefined) nodes |= 1 << nibble;
    else leaves |= 1 << nibble;
    count += slot.keyHash === undefined ? 1 : 3;
  }
  const bytes = Buffer.allocUnsafe(MASKS_BYTES + count * HASH_BYTES);
  bytes.writeUInt16BE(leaves, 0);
  bytes.writeUInt16BE(nodes, 2);
  let at = MASKS_BYTES;
  for (const slot of slots) {
    if (slot === undefined) continue;
    if (slot.keyHash !== undefined) {
      at += slot.keyHash.copy(bytes, at);
      at += slot.content.copy(bytes, at);
    }
    at += slot.hash.copy(bytes, at);
  }
  return bytes;
}

/** Reads a node; the hashes are views. @throws FatalError kv/broken-state unless it is one */
export function parseNode(bytes: Buffer): Slots {
  const slots = emptySlots();
  const [leaves, nodes] = [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  let at = MASKS_BYTES;
  const take = () => {
    at += HASH_BYTES;
    return bytes.subarray(at - HASH_BYTES, at);
  };
  for (let nibble = 0; nibble < CHILDREN; nibble++) {
    if (((leaves >> nibble) & 1) === 1) slots[nibble] = { keyHash: take(), content: take(), hash: take() };
    else if (((nodes >> nibble) & 1) === 1) slots[nibble] = { keyHash: undefined, hash: take() };
  }
  if (at !== bytes.length) throw new FatalError("kv/broken-state", `a node of ${bytes.length} bytes`);
  return slots;
}
