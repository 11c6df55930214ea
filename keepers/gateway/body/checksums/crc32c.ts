const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** CRC-32C (Castagnoli), eight bytes a step. */
export class Crc32c {
  #crc = -1;

  update(bytes: Uint8Array): void {
    const table = tables();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let crc = this.#crc;
    let at = 0;
    for (const end = bytes.length - (bytes.length % SLICES); at < end; at += SLICES) {
      const low = view.getInt32(at, true) ^ crc;
      const high = view.getInt32(at + 4, true);
      crc =
        table[0x700 + (low & 0xff)]! ^
        table[0x600 + ((low >>> 8) & 0xff)]! ^
        table[0x500 + ((low >>> 16) & 0xff)]! ^
        table[0x400 + (low >>> 24)]! ^
        table[0x300 + (high & 0xff)]! ^
        table[0x200 + ((high >>> 8) & 0xff)]! ^
        table[0x100 + ((high >>> 16) & 0xff)]! ^
        table[high >>> 24]!;
    }
    for (; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
    this.#crc = crc;
  }

  /** Four bytes, big-endian. */
  digest(): Buffer {
    const digest = Buffer.alloc(4);
    digest.writeInt32BE(~this.#crc);
    return digest;
  }
}

let made: Int32Array | undefined;

/** Eight tables, one behind the other: what a byte does to the register 1 to 8 bytes later. */
function tables(): Int32Array {
  if (made !== undefined) return made;
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256]!;
    table[at] = table[before & 0xff]! ^ (before >>> 8);
  }
  made = table;
  return table;
}
