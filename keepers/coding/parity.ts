import type { Field } from "./field.ts";
import { parityPoints, type Shape } from "./shape.ts";
import type { Slab } from "./slab.ts";
import { type Columns, evaluateBlocks, evaluateComb, interpolate, scaleComb } from "./transform.ts";

/**
 * Leopard interpolates a polynomial of degree below m (the parity points) from the k originals at the points m ...
 * m + k - 1 and zeros up to 2m, and evaluates it at 0 ... n - 1. With k a power of two the zeros are whole cosets, so
 * the polynomial is one of degree below k times a factor that is constant on each coset of k points: parity block j is
 * that smaller polynomial at the points jk ... times the factor. This returns the factors; for k = n it is [1].
 */
export function parityFactors(field: Field, shape: Shape): number[] {
  const cosets = parityPoints(shape) / shape.k;
  // The high layers of Leopard's transforms on one number per coset: the smaller polynomial's and zeros.
  const blocks = Array.from({ length: cosets }, (_, coset) => (coset === 0 ? 1 : 0));
  const eachButterfly = (
    distance: number,
    at: number,
    visit: (x: number, y: number, twiddle: number) => void,
  ) => {
    for (let top = 0; top < cosets; top += 2 * distance)
      for (let x = top; x < top + distance; x++) visit(x, x + distance, (at + top) / distance);
  };
  for (let distance = 1; distance < cosets; distance *= 2)
    eachButterfly(distance, cosets, (x, y, twiddle) => {
      blocks[y]! ^= blocks[x]!;
      blocks[x]! ^= field.multiply(twiddle, blocks[y]!);
    });
  for (let distance = cosets / 2; distance >= 1; distance /= 2)
    eachButterfly(distance, 0, (x, y, twiddle) => {
      blocks[x]! ^= field.multiply(twiddle, blocks[y]!);
      blocks[y]! ^= blocks[x]!;
    });
  return blocks.slice(0, shape.n / shape.k);
}

/** Codes some columns: the parity rows out of the originals. */
export function codeColumns(slab: Slab, factors: readonly number[], columns: Columns, thread: number): void {
  const { shape } = slab.layout;
  const { k } = shape;
  const parityRow = (block: number) => k + block * k;
  interpolate(slab, 0, parityRow(0), parityPoints(shape), columns, (group) => {
    // The first block holds the coefficients that the others start from, so it goes last.
    for (let block = factors.length - 1; block >= 0; block--) {
      const [row, factor] = [parityRow(block), factors[block]!];
      if (block > 0 || factor !== 1) scaleComb(slab, parityRow(0), row, factor, group, thread);
      evaluateComb(slab, row, block * k, group);
    }
  });
  for (let block = 0; block < factors.length; block++)
    evaluateBlocks(slab, parityRow(block), block * k, columns);
}
