const CHUNK = 64;
const HALF = 32;

/** Symbols of a row: in each 64-byte chunk, byte i is the low and byte 32 + i the high half of symbol i. */
export function symbolsOf(row: Uint8Array): Uint16Array {
  const symbols = new Uint16Array(row.length / 2);
  for (let s = 0; s < symbols.length; s++) {
    const at = Math.floor(s / HALF) * CHUNK + (s % HALF);
    symbols[s] = row[at]! | (row[at + HALF]! << 8);
  }
  return symbols;
}

export function rowOf(symbols: Uint16Array): Uint8Array {
  const row = new Uint8Array(symbols.length * 2);
  for (const [s, symbol] of symbols.entries()) {
    const at = Math.floor(s / HALF) * CHUNK + (s % HALF);
    row[at] = symbol & 0xff;
    row[at + HALF] = symbol >> 8;
  }
  return row;
}
