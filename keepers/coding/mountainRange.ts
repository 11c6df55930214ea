import { getBytes, keccak256 } from "ethers";
import { concatBytes, sameBytes } from "../runtime/platform/bytes.ts";
import { CodingError } from "./errors.ts";

const hashBytes = 32;
const leafPrefix = 0x00;
const nodePrefix = 0x01;

/**
 * A Merkle mountain range over 32-byte items: the tree hash of RFC 6962 with keccak256, kept so that an append costs
 * amortised O(1) hashes and a proof O(log n). `contracts/core/libraries/MountainRange.sol` is its other half.
 *
 * leaf = keccak256(0x00 || item), node = keccak256(0x01 || left || right), the empty range is 32 zero bytes.
 */
export class MountainRange {
  /** levels[h] holds the hashes of all complete subtrees of height h, left to right. */
  readonly #levels: HashList[] = [new HashList()];

  get count(): number {
    return this.#levels[0]!.length;
  }

  /** Appends a 32-byte item and returns its index. */
  append(item: Uint8Array): number {
    const index = this.count;
    this.#appendHash(leafHash(item));
    return index;
  }

  root(): Uint8Array {
    return this.#bag(this.#peaks()) ?? new Uint8Array(hashBytes);
  }

  /** The audit path (RFC 9162, 2.1.3) of the item at `index`, bottom to top. */
  prove(index: number): Uint8Array[] {
    assertIndex(index, this.count);
    const proof: Uint8Array[] = [];
    const peaks = this.#peaks();
    const mine = peaks.findIndex((peak) => index < peak.start + 2 ** peak.height);
    for (let height = 0, at = index; height < peaks[mine]!.height; height++, at = Math.floor(at / 2))
      proof.push(this.#levels[height]!.get(at % 2 === 0 ? at + 1 : at - 1));
    const right = this.#bag(peaks.slice(mine + 1));
    if (right !== undefined) proof.push(right);
    for (let left = mine - 1; left >= 0; left--) proof.push(this.#hashOf(peaks[left]!));
    return proof;
  }

  /** Whether `item` stands at `index` of the range of `count` items with this root. */
  static verify(
    item: Uint8Array,
    index: number,
    count: number,
    root: Uint8Array,
    proof: readonly Uint8Array[],
  ): boolean {
    if (item.length !== hashBytes || root.length !== hashBytes) return false;
    if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index) || index < 0 || index >= count)
      return false;
    let at = index;
    let last = count - 1;
    let hash = leafHash(item);
    for (const sibling of proof) {
      if (last === 0 || sibling.length !== hashBytes) return false;
      if (at % 2 === 1 || at === last) {
        hash = nodeHash(sibling, hash);
        while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
      } else {
        hash = nodeHash(hash, sibling);
      }
      [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    }
    return last === 0 && sameBytes(hash, root);
  }

  /** The leaf hashes, 32 bytes each: all that `restore` needs. */
  serialise(): Uint8Array {
    return this.#levels[0]!.bytes();
  }

  /** @throws CodingError `coding/range-length` when the bytes are not whole hashes */
  static restore(serialised: Uint8Array): MountainRange {
    if (serialised.length % hashBytes !== 0)
      throw new CodingError(
        "coding/range-length",
        `${serialised.length} bytes are not a whole number of hashes`,
      );
    const range = new MountainRange();
    for (let at = 0; at < serialised.length; at += hashBytes)
      range.#appendHash(serialised.subarray(at, at + hashBytes));
    return range;
  }

  #appendHash(leaf: Uint8Array): void {
    let hash = leaf;
    for (let height = 0; ; height++) {
      if (height === this.#levels.length) this.#levels.push(new HashList());
      const level = this.#levels[height]!;
      level.push(hash);
      if (level.length % 2 === 1) return;
      hash = nodeHash(level.get(level.length - 2), hash);
    }
  }

  /** The complete subtrees that make up the range, tallest first. */
  #peaks(): Peak[] {
    const peaks: Peak[] = [];
    let start = 0;
    for (let height = this.#levels.length - 1; height >= 0; height--) {
      const width = 2 ** height;
      if (Math.floor(this.count / width) % 2 === 0) continue;
      peaks.push({ height, start });
      start += width;
    }
    return peaks;
  }

  #hashOf(peak: Peak): Uint8Array {
    return this.#levels[peak.height]!.get(peak.start / 2 ** peak.height);
  }

  /** One hash over neighbouring peaks, folded from the right; nothing for no peaks. */
  #bag(peaks: readonly Peak[]): Uint8Array | undefined {
    return peaks
      .map((peak) => this.#hashOf(peak))
      .reduceRight<Uint8Array | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      );
  }
}

interface Peak {
  readonly height: number;
  /** Index of its first item. */
  readonly start: number;
}

/** Hashes end to end in one buffer that doubles, so that a long range is not a million small objects. */
class HashList {
  #bytes = new Uint8Array(4 * hashBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(hash: Uint8Array): void {
    const at = this.#length * hashBytes;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(2 * at);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, at);
    this.#length++;
  }

  get(index: number): Uint8Array {
    return this.#bytes.slice(index * hashBytes, (index + 1) * hashBytes);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length * hashBytes);
  }
}

function leafHash(item: Uint8Array): Uint8Array {
  if (item.length !== hashBytes)
    throw new CodingError(
      "coding/range-item",
      `An item of a mountain range has 32 bytes, not ${item.length}`,
    );
  return keccak(leafPrefix, item);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return keccak(nodePrefix, left, right);
}

function keccak(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return getBytes(keccak256(concatBytes([Uint8Array.of(prefix), ...parts])));
}

function assertIndex(index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new CodingError("coding/range-index", `The range has no item ${index}; it holds ${count}`, {
      index,
      count,
    });
}
