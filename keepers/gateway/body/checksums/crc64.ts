// The polynomial 0xad93d23594c93659, its bits reversed, in halves.
const HIGH_POLYNOMIAL = 0x9a6c9329;
const LOW_POLYNOMIAL = 0xac4bc9b5;

/** CRC-64/NVME, in halves of 32 bits: BigInt would be a hundred times slower. */
export class Crc64Nvme {
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    const { highs, lows } = tables();
    let [high, low] = [this.#high, this.#low];
    for (let at = 0; at < bytes.length; at++) {
      const index = (low ^ bytes[at]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lows[index]!;
      high = (high >>> 8) ^ highs[index]!;
    }
    [this.#high, this.#low] = [high, low];
  }

  /** Eight bytes, big-endian. */
  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32BE(~this.#high, 0);
    digest.writeInt32BE(~this.#low, 4);
    return digest;
  }
}

interface Tables {
  readonly highs: Int32Array;
  readonly lows: Int32Array;
}

let made: Tables | undefined;

function tables(): Tables {
  if (made !== undefined) return made;
  const [highs, lows] = [new Int32Array(256), new Int32Array(256)];
  for (let byte = 0; byte < 256; byte++) {
    let [high, low] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (low & 1) === 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) [high, low] = [high ^ HIGH_POLYNOMIAL, low ^ LOW_POLYNOMIAL];
    }
    [highs[byte], lows[byte]] = [high, low];
  }
  made = { highs, lows };
  return made;
}
