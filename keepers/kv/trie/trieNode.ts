import { FatalError } from "../../runtime/errors.ts";

/** Children of a node: one for each value of four bits. */
export const CHILDREN = 16;
export const HASH_BYTES = 32;
const MASKS_BYTES = 4;
/** Beside its hash a leaf has two more: where it belongs, and what is there. */
const PARTS_BYTES = 2 * HASH_BYTES;

export interface Leaf {
  /** Where it belongs. */
  readonly keyHash: Buffer;
  /** Hash of what is there. */
  readonly content: Buffer;
}

/** Four bits of a key's hash. @param at where the hash begins in `bytes` */
export function nibbleAt(bytes: Uint8Array, depth: number, at = 0): number {
  const byte = bytes[at + (depth >> 1)]!;
  return depth % 2 === 0 ? byte >> 4 : byte & 15;
}

/**
 * A node, kept as it is serialised, so that most changes are copies in place: masks of its leaves and of its inner nodes, u16 each,
 * then the hash of each child, then each leaf's place and content.
 */
export class TrieNode {
  #bytes: Buffer;
  #leaves: number;
  #nodes: number;

  /** @param bytes are written over; none for a node without children. @throws FatalError kv/broken-state unless it is one */
  constructor(bytes?: Buffer) {
    this.#bytes = bytes ?? Buffer.alloc(MASKS_BYTES);
    if (this.#bytes.length < MASKS_BYTES) throw broken(this.#bytes);
    this.#leaves = (this.#bytes[0]! << 8) | this.#bytes[1]!;
    this.#nodes = (this.#bytes[2]! << 8) | this.#bytes[3]!;
    if ((this.#leaves & this.#nodes) !== 0) throw broken(this.#bytes);
    if (this.#bytes.length !== sizeOf(this.#leaves, this.#nodes)) throw broken(this.#bytes);
  }

  /** Children that are there, a bit each. */
  get children(): number {
    return this.#leaves | this.#nodes;
  }

  /** Whether one leaf or nothing is left of it. */
  get isLone(): boolean {
    return this.#nodes === 0 && (this.#leaves & (this.#leaves - 1)) === 0;
  }

  hasLeaf(nibble: number): boolean {
    return ((this.#leaves >> nibble) & 1) === 1;
  }

  hasNode(nibble: number): boolean {
    return ((this.#nodes >> nibble) & 1) === 1;
  }

  /** Views of a leaf that is there. */
  leaf(nibble: number): Leaf {
    const parts = this.#partsAt(nibble);
    return {
      keyHash: this.#bytes.subarray(parts, parts + HASH_BYTES),
      content: this.#bytes.subarray(parts + HASH_BYTES, parts + PARTS_BYTES),
    };
  }

  /** Whether a leaf that is there belongs to the place that lies at `at` of `places`. */
  isAt(nibble: number, places: Buffer, at: number): boolean {
    const parts = this.#partsAt(nibble);
    return this.#bytes.compare(places, at, at + HASH_BYTES, parts, parts + HASH_BYTES) === 0;
  }

  /** Makes a child a leaf: place and content lie at `partsAt` of `parts`, their hash at `hashAt` of `hashes`. */
  setLeaf(nibble: number, parts: Buffer, partsAt: number, hashes: Buffer, hashAt: number): void {
    if (!this.hasLeaf(nibble))
      this.#reshape(this.#leaves | (1 << nibble), this.#nodes & ~(1 << nibble), nibble);
    hashes.copy(this.#bytes, this.#hashAt(nibble), hashAt, hashAt + HASH_BYTES);
    parts.copy(this.#bytes, this.#partsAt(nibble), partsAt, partsAt + PARTS_BYTES);
  }

  /** Copies a leaf that is there to another node. */
  giveLeaf(nibble: number, target: TrieNode, nibbleThere: number): void {
    target.setLeaf(nibbleThere, this.#bytes, this.#partsAt(nibble), this.#bytes, this.#hashAt(nibble));
  }

  /** The same of its one leaf; false when it has none. */
  giveLone(target: TrieNode, nibbleThere: number): boolean {
    if (this.#leaves === 0) return false;
    this.giveLeaf(31 - Math.clz32(this.#leaves), target, nibbleThere);
    return true;
  }

  /** Makes a child an inner node whose hash lies at `at` of `from`. */
  setNode(nibble: number, from: Buffer, at: number): void {
    if (!this.hasNode(nibble))
      this.#reshape(this.#leaves & ~(1 << nibble), this.#nodes | (1 << nibble), nibble);
    from.copy(this.#bytes, this.#hashAt(nibble), at, at + HASH_BYTES);
  }

  remove(nibble: number): void {
    if (((this.children >> nibble) & 1) === 0) return;
    this.#reshape(this.#leaves & ~(1 << nibble), this.#nodes & ~(1 << nibble), nibble);
  }

  /** Copies the hashes of the children to `at`, each to its place; nothing where there is none. */
  copyHashes(target: Buffer, at: number): void {
    const children = this.children;
    for (let [nibble, from] = [0, MASKS_BYTES]; nibble < CHILDREN; ) {
      const end = endOfRun(children, nibble);
      if (end === nibble) nibble++;
      else {
        const bytes = (end - nibble) * HASH_BYTES;
        this.#bytes.copy(target, at + nibble * HASH_BYTES, from, from + bytes);
        from += bytes;
        nibble = end;
      }
    }
  }

  /** A view. */
  encode(): Buffer {
    const bytes = this.#bytes;
    bytes[0] = this.#leaves >> 8;
    bytes[1] = this.#leaves;
    bytes[2] = this.#nodes >> 8;
    bytes[3] = this.#nodes;
    return bytes;
  }

  #hashAt(nibble: number): number {
    return MASKS_BYTES + HASH_BYTES * countBelow(this.children, nibble);
  }

  #partsAt(nibble: number): number {
    return MASKS_BYTES + HASH_BYTES * count(this.children) + PARTS_BYTES * countBelow(this.#leaves, nibble);
  }

  /** Makes room for what one child becomes, or closes the gap that it leaves. */
  #reshape(leaves: number, nodes: number, nibble: number): void {
    const old = this.#bytes;
    const [hash, parts] = [this.#hashAt(nibble), this.#partsAt(nibble)];
    const hashEnd = hash + ((this.children >> nibble) & 1) * HASH_BYTES;
    const partsEnd = parts + (this.hasLeaf(nibble) ? PARTS_BYTES : 0);
    const partsStart = MASKS_BYTES + HASH_BYTES * count(this.children);
    const bytes = Buffer.allocUnsafe(sizeOf(leaves, nodes));
    let at = old.copy(bytes, 0, 0, hash);
    at += (((leaves | nodes) >> nibble) & 1) * HASH_BYTES;
    at += old.copy(bytes, at, hashEnd, partsStart);
    at += old.copy(bytes, at, partsStart, parts);
    at += ((leaves >> nibble) & 1) * PARTS_BYTES;
    old.copy(bytes, at, partsEnd);
    [this.#bytes, this.#leaves, this.#nodes] = [bytes, leaves, nodes];
  }
}

function sizeOf(leaves: number, nodes: number): number {
  return MASKS_BYTES + HASH_BYTES * count(leaves | nodes) + PARTS_BYTES * count(leaves);
}

/** Bits of a mask of sixteen. */
function count(mask: number): number {
  const pairs = mask - ((mask >> 1) & 0x5555);
  const fours = (pairs & 0x3333) + ((pairs >> 2) & 0x3333);
  const eights = (fours + (fours >> 4)) & 0x0f0f;
  return (eights + (eights >> 8)) & 0x1f;
}

function countBelow(mask: number, nibble: number): number {
  return count(mask & ((1 << nibble) - 1));
}

/** The first bit from `nibble` on that is not set. */
function endOfRun(mask: number, nibble: number): number {
  return nibble + 31 - Math.clz32(~(mask >> nibble) & -~(mask >> nibble));
}

function broken({ length }: Buffer): FatalError {
  return new FatalError("kv/broken-state", `a node of ${length} bytes`);
}
