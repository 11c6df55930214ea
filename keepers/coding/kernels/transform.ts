/**
 * The additive fast Fourier transform of Lin, Chung and Han over a group of rows, in place, as catid/leopard runs it.
 *
 * In Cantor coordinates the twiddle of the butterfly of distance 2^i that starts at point p is the element p >> i, so
 * the twiddles of all layers, offsets and sizes are the even elements, and one table of multipliers serves them all.
 *
 * A group is 2^logRows rows `stride` bytes apart that are rows p, p + 2^s, p + 2 * 2^s ... of a larger transform, and
 * `first` is the point p >> s: the layers s ... s + logRows - 1 of the larger transform are exactly the layers of a
 * small transform at `first`. A caller cuts a transform into groups that fit a cache.
 */
import { MULTIPLIER, highNibbles, lookUp, lowNibbles } from "./field";

/** From values at the points `first`, `first` + 1 ... to coefficients. */
export function interpolate(
  base: usize, stride: usize, logRows: usize, width: usize, first: usize, twiddles: usize,
): void {
  for (let layer: usize = 0; layer < logRows; layer++) {
    const span = stride << layer;
    for (let block: usize = 0; block < <usize>1 << (logRows - 1 - layer); block++) {
      const twiddle = (first >> layer) + (block << 1);
      const top = base + (block << 1) * span;
      if (twiddle == 0) addDown(top, span, stride, width);
      else interpolateBlock(top, span, stride, width, twiddles + (twiddle >> 1) * MULTIPLIER);
    }
  }
}

/** From coefficients to values at the points `first`, `first` + 1 ... */
export function evaluate(
  base: usize, stride: usize, logRows: usize, width: usize, first: usize, twiddles: usize,
): void {
  for (let layer = logRows; layer-- > 0; ) {
    const span = stride << layer;
    for (let block: usize = 0; block < <usize>1 << (logRows - 1 - layer); block++) {
      const twiddle = (first >> layer) + (block << 1);
      const top = base + (block << 1) * span;
      if (twiddle == 0) addDown(top, span, stride, width);
      else evaluateBlock(top, span, stride, width, twiddles + (twiddle >> 1) * MULTIPLIER);
    }
  }
}

/** Both butterflies without their product: y += x for the rows x of the upper half and y of the lower. */
function addDown(top: usize, span: usize, stride: usize, width: usize): void {
  for (let row: usize = top; row < top + span; row += stride) {
    for (let x: usize = row; x < row + width; x += 16) {
      v128.store(x + span, v128.xor(v128.load(x + span), v128.load(x)));
    }
  }
}

/** y += x, then x += twiddle * y. */
function interpolateBlock(top: usize, span: usize, stride: usize, width: usize, table: usize): void {
  const t0 = v128.load(table), t1 = v128.load(table, 16), t2 = v128.load(table, 32), t3 = v128.load(table, 48);
  const t4 = v128.load(table, 64), t5 = v128.load(table, 80), t6 = v128.load(table, 96), t7 = v128.load(table, 112);
  for (let row: usize = top; row < top + span; row += stride) {
    for (let chunk: usize = row; chunk < row + width; chunk += 64) {
      for (let x: usize = chunk; x < chunk + 32; x += 16) {
        const y = x + span;
        const xLow = v128.load(x), xHigh = v128.load(x, 32);
        const low = v128.xor(v128.load(y), xLow), high = v128.xor(v128.load(y, 32), xHigh);
        v128.store(y, low);
        v128.store(y, high, 32);
        const lowA = lowNibbles(low), lowB = highNibbles(low), highA = lowNibbles(high), highB = highNibbles(high);
        v128.store(x, v128.xor(xLow, lookUp(t0, t1, t2, t3, lowA, lowB, highA, highB)));
        v128.store(x, v128.xor(xHigh, lookUp(t4, t5, t6, t7, lowA, lowB, highA, highB)), 32);
      }
    }
  }
}

/** x += twiddle * y, then y += x. */
function evaluateBlock(top: usize, span: usize, stride: usize, width: usize, table: usize): void {
  const t0 = v128.load(table), t1 = v128.load(table, 16), t2 = v128.load(table, 32), t3 = v128.load(table, 48);
  const t4 = v128.load(table, 64), t5 = v128.load(table, 80), t6 = v128.load(table, 96), t7 = v128.load(table, 112);
  for (let row: usize = top; row < top + span; row += stride) {
    for (let chunk: usize = row; chunk < row + width; chunk += 64) {
      for (let x: usize = chunk; x < chunk + 32; x += 16) {
        const y = x + span;
        const low = v128.load(y), high = v128.load(y, 32);
        const lowA = lowNibbles(low), lowB = highNibbles(low), highA = lowNibbles(high), highB = highNibbles(high);
        const xLow = v128.xor(v128.load(x), lookUp(t0, t1, t2, t3, lowA, lowB, highA, highB));
        const xHigh = v128.xor(v128.load(x, 32), lookUp(t4, t5, t6, t7, lowA, lowB, highA, highB));
        v128.store(x, xLow);
        v128.store(x, xHigh, 32);
        v128.store(y, v128.xor(low, xLow));
        v128.store(y, v128.xor(high, xHigh), 32);
      }
    }
  }
}
