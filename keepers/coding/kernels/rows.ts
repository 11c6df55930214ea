/**
 * What is done to whole rows, a strip of columns at a time. A row is a run of 64-byte chunks: 32 low bytes of 32
 * symbols, then their 32 high bytes. Rows stand `stride` bytes apart; `width` is a multiple of 64.
 */
import { highNibbles, lookUp, lowNibbles, multiplierOf } from "./field";

export function copyRows(source: usize, target: usize, stride: usize, count: usize, width: usize): void {
  for (let row: usize = 0; row < count; row++) {
    for (let at: usize = 0; at < width; at += 16) v128.store(target + at, v128.load(source + at));
    source += stride;
    target += stride;
  }
}

export function addRows(source: usize, target: usize, stride: usize, count: usize, width: usize): void {
  for (let row: usize = 0; row < count; row++) {
    for (let at: usize = 0; at < width; at += 16) {
      v128.store(target + at, v128.xor(v128.load(target + at), v128.load(source + at)));
    }
    source += stride;
    target += stride;
  }
}

/** target = element * source, row by row; every row has its own element, a u16 at `elements`. */
export function scaleRows(
  source: usize, target: usize, stride: usize, count: usize, width: usize,
  elements: usize, bits: usize, scratch: usize,
): void {
  for (let row: usize = 0; row < count; row++) {
    scale(source, target, stride, 1, width, <usize>load<u16>(elements + (row << 1)), bits, scratch);
    source += stride;
    target += stride;
  }
}

/** target = element * source for all rows. */
export function scale(
  source: usize, target: usize, stride: usize, count: usize, width: usize,
  element: usize, bits: usize, scratch: usize,
): void {
  if (element == 1) return copyRows(source, target, stride, count, width);
  if (element != 0) multiplierOf(element, bits, scratch);
  for (let row: usize = 0; row < count; row++) {
    if (element == 0) memory.fill(target, 0, width);
    else multiplyRow(source, target, width, scratch);
    source += stride;
    target += stride;
  }
}

function multiplyRow(source: usize, target: usize, width: usize, table: usize): void {
  const t0 = v128.load(table), t1 = v128.load(table, 16), t2 = v128.load(table, 32), t3 = v128.load(table, 48);
  const t4 = v128.load(table, 64), t5 = v128.load(table, 80), t6 = v128.load(table, 96), t7 = v128.load(table, 112);
  for (let chunk: usize = 0; chunk < width; chunk += 64) {
    for (let half: usize = chunk; half < chunk + 32; half += 16) {
      const low = v128.load(source + half), high = v128.load(source + half, 32);
      const lowA = lowNibbles(low), lowB = highNibbles(low), highA = lowNibbles(high), highB = highNibbles(high);
      v128.store(target + half, lookUp(t0, t1, t2, t3, lowA, lowB, highA, highB));
      v128.store(target + half, lookUp(t4, t5, t6, t7, lowA, lowB, highA, highB), 32);
    }
  }
}

/**
 * The formal derivative of the polynomial whose coefficients in the basis of Lin, Chung and Han are the rows. In
 * Cantor coordinates the derivative of basis polynomial i is the sum of those with one set bit of i cleared, so row j
 * becomes the sum of the rows j | bit over the bits that j lacks. Those come after j: it can be done in place.
 * Every 2^logBlock rows stand `blockPad` bytes further apart.
 */
export function derive(
  base: usize, stride: usize, logRows: usize, width: usize, logBlock: usize, blockPad: usize,
): void {
  const count = <usize>1 << logRows;
  for (let row: usize = 0; row < count; row++) {
    const target = base + row * stride + (row >> logBlock) * blockPad;
    for (let at: usize = 0; at < width; at += 64) {
      let a = i64x2.splat(0), b = i64x2.splat(0), c = i64x2.splat(0), d = i64x2.splat(0);
      for (let bit: usize = 1; bit < count; bit <<= 1) {
        if (row & bit) continue;
        const other = row | bit;
        const source = base + at + other * stride + (other >> logBlock) * blockPad;
        a = v128.xor(a, v128.load(source));
        b = v128.xor(b, v128.load(source, 16));
        c = v128.xor(c, v128.load(source, 32));
        d = v128.xor(d, v128.load(source, 48));
      }
      v128.store(target + at, a);
      v128.store(target + at, b, 16);
      v128.store(target + at, c, 32);
      v128.store(target + at, d, 48);
    }
  }
}
