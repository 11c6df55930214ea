/**
 * The random linear combination of a row: the sum over its symbols of symbol * coefficient, where a coefficient is a
 * vector of eight elements (16 bytes, little-endian u16).
 *
 * The product is linear over GF(2) in the symbol, so each nibble of the row selects one of 16 precomputed vectors (the
 * method of the four Russians). The tables of one 64-byte chunk take 32 KiB and stay in the first cache while all
 * rows pass by.
 */
import { MULTIPLIER, highNibbles, lookUp, lowNibbles } from "./field";

/** Bytes of the tables of one chunk: 64 bytes x 2 nibbles x 16 values x 16 bytes. */
export const CHUNK_TABLES: usize = 32768;
const BYTE_TABLES: usize = 512;

/** coefficients[i] = both halves of the 32-byte hash i, added; it may be done in place. */
export function foldCoefficients(hashes: usize, coefficients: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const folded = v128.xor(v128.load(hashes), v128.load(hashes, 16));
    v128.store(coefficients, folded);
    hashes += 32;
    coefficients += 16;
  }
}

/** Writes the tables of the chunk whose 32 coefficients stand at `coefficients`. */
export function combinationTables(coefficients: usize, bits: usize, tables: usize): void {
  for (let symbol: usize = 0; symbol < 32; symbol += 2) {
    const even = v128.load(coefficients + (symbol << 4)), odd = v128.load(coefficients + (symbol << 4), 16);
    const low = i8x16.shuffle(even, odd, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const high = i8x16.shuffle(even, odd, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    for (let bit: usize = 0; bit < 16; bit++) {
      // Bit 0..7 of a symbol lies in byte `symbol` of the chunk, bit 8..15 in byte 32 + `symbol`.
      const nibble = tables + (symbol + ((bit >> 3) << 5)) * BYTE_TABLES + (((bit >> 2) & 1) << 8);
      storeProducts(low, high, bits + bit * MULTIPLIER, nibble + (<usize>16 << (bit & 3)));
    }
  }
  for (let nibble: usize = tables; nibble < tables + CHUNK_TABLES; nibble += 256) fillNibble(nibble);
}

/** The products of one bit with two neighbouring coefficients, as little-endian u16 again. */
function storeProducts(low: v128, high: v128, table: usize, target: usize): void {
  const lowA = lowNibbles(low), lowB = highNibbles(low), highA = lowNibbles(high), highB = highNibbles(high);
  const productLow = lookUp(
    v128.load(table), v128.load(table, 16), v128.load(table, 32), v128.load(table, 48), lowA, lowB, highA, highB);
  const productHigh = lookUp(
    v128.load(table, 64), v128.load(table, 80), v128.load(table, 96), v128.load(table, 112),
    lowA, lowB, highA, highB);
  v128.store(target,
    i8x16.shuffle(productLow, productHigh, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(target + BYTE_TABLES,
    i8x16.shuffle(productLow, productHigh, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

/** Completes a table of 16 vectors of which 1, 2, 4 and 8 are there. */
function fillNibble(table: usize): void {
  v128.store(table, i64x2.splat(0));
  for (let value: usize = 3; value < 16; value++) {
    const rest = value & (value - 1);
    if (rest == 0) continue;
    v128.store(table + (value << 4), v128.xor(v128.load(table + (rest << 4)), v128.load(table + ((value ^ rest) << 4))));
  }
}

/** Adds the combination of one chunk of each row to the 16 bytes that the row has at `sums`. */
export function combine(chunk: usize, stride: usize, count: usize, tables: usize, sums: usize): void {
  for (let row: usize = 0; row < count; row++) {
    let a = v128.load(sums), b = i64x2.splat(0);
    let table = tables;
    for (let at: usize = 0; at < 64; at += 8) {
      let word = load<u64>(chunk + at);
      for (let byte = 0; byte < 8; byte++) {
        a = v128.xor(a, v128.load(table + ((<usize>word & 15) << 4)));
        b = v128.xor(b, v128.load(table + (<usize>word & 240), 256));
        word >>= 8;
        table += BYTE_TABLES;
      }
    }
    v128.store(sums, v128.xor(a, b));
    chunk += stride;
    sums += 16;
  }
}

/** Writes each combination as the first symbols of a one-chunk row that is otherwise zero. */
export function spreadCombinations(combinations: usize, row: usize, stride: usize, count: usize): void {
  const zero = i64x2.splat(0);
  for (let index: usize = 0; index < count; index++) {
    const sum = v128.load(combinations);
    v128.store(row, i8x16.shuffle(sum, zero, 0, 2, 4, 6, 8, 10, 12, 14, 16, 16, 16, 16, 16, 16, 16, 16));
    v128.store(row, zero, 16);
    v128.store(row, i8x16.shuffle(sum, zero, 1, 3, 5, 7, 9, 11, 13, 15, 16, 16, 16, 16, 16, 16, 16, 16), 32);
    v128.store(row, zero, 48);
    combinations += 16;
    row += stride;
  }
}

/** The other way round. */
export function gatherCombinations(row: usize, combinations: usize, stride: usize, count: usize): void {
  for (let index: usize = 0; index < count; index++) {
    const low = v128.load(row), high = v128.load(row, 32);
    v128.store(combinations, i8x16.shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    combinations += 16;
    row += stride;
  }
}
