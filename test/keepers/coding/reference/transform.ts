import { type Field, ORDER } from "./field.ts";

/** One vector of symbols a point: row r of a segment, or of any other set of shards. */
export type Shards = Uint16Array[];

/**
 * The additive FFT of Lin, Chung and Han (2014) over the points 0..65535, in the order of catid/leopard. Values at a run of `m`
 * consecutive points (m a power of two, the run aligned to it) become coefficients in the novel polynomial basis, and back.
 */
export interface Transform {
  /** Values at `offset`..`offset + shards.length - 1` to coefficients, in place. */
  inverse(shards: Shards, offset: number): void;
  /** Coefficients to values at `offset`.., in place. */
  forward(shards: Shards, offset: number): void;
}

const BITS = 16;

export function createTransform(field: Field): Transform {
  const skews = createSkews(field);
  return {
    inverse(shards, offset) {
      for (let distance = 1; distance < shards.length; distance *= 2) {
        forEachPair(shards, distance, (low, high, start) => {
          const skew = skews[offset + start + distance - 1]!;
          for (let i = 0; i < low.length; i++) {
            high[i]! ^= low[i]!;
            low[i]! ^= field.multiply(high[i]!, skew);
          }
        });
      }
    },
    forward(shards, offset) {
      for (let distance = shards.length / 2; distance >= 1; distance /= 2) {
        forEachPair(shards, distance, (low, high, start) => {
          const skew = skews[offset + start + distance - 1]!;
          for (let i = 0; i < low.length; i++) {
            low[i]! ^= field.multiply(high[i]!, skew);
            high[i]! ^= low[i]!;
          }
        });
      }
    },
  };
}

/** Calls back with every butterfly of a layer; `start` is the first index of its block. */
function forEachPair(
  shards: Shards,
  distance: number,
  visit: (low: Uint16Array, high: Uint16Array, start: number) => void,
): void {
  for (let start = 0; start < shards.length; start += 2 * distance) {
    for (let i = start; i < start + distance; i++) visit(shards[i]!, shards[i + distance]!, start);
  }
}

/**
 * Skew of the butterfly block whose high half begins at point p, at index p - 1: the normalised subspace polynomial of the
 * block's layer, evaluated at the block's first point.
 */
function createSkews(field: Field): Uint16Array {
  const skews = new Uint16Array(ORDER - 1);
  // basis[i]: the current layer's normalised subspace polynomial at 2^(i+1).
  const basis = Array.from({ length: BITS - 1 }, (_, i) => 2 << i);
  for (let layer = 0; layer < BITS - 1; layer++) {
    const first = (1 << layer) - 1;
    skews[first] = 0;
    for (let bit = layer; bit < BITS - 1; bit++) {
      const span = 2 << bit;
      for (let j = first; j < span; j += 2 << layer) skews[j + span] = skews[j]! ^ basis[bit]!;
    }
    // s(x)·(s(x) + 1) is the next subspace polynomial; dividing by its value at the next basis point makes it 1 there.
    const scale = field.invert(field.multiply(basis[layer]!, basis[layer]! ^ 1));
    for (let bit = layer + 1; bit < BITS - 1; bit++) {
      basis[bit] = field.multiply(field.multiply(basis[bit]!, basis[bit]! ^ 1), scale);
    }
  }
  return skews;
}
