import { expect } from "chai";
import { type Codec, createCodec } from "../../../keepers/coding/codec.ts";

/** The vectors published with the RSEMA1D specification: row i is zero but for its last byte, i + 1. */
const vectors = [
  {
    shape: { k: 4, n: 4, rowSize: 64 },
    commitment: "f57fdff87d54f71bc0c860808b046356c8d4850e67b923e08411208df08cb5ab",
  },
  {
    shape: { k: 4, n: 12, rowSize: 256 },
    commitment: "8ac46440862f280346635eee5075f81ff04b659fb7a86c1e25a28f5f71c3f97e",
  },
];

describe("RSEMA1D vectors", () => {
  let codec: Codec;
  before(async () => {
    codec = await createCodec({ threads: 0 });
  });
  after(() => codec.close());

  for (const { shape, commitment } of vectors)
    it(`k=${shape.k} n=${shape.n} rowSize=${shape.rowSize}`, async () => {
      const data = new Uint8Array(shape.k * shape.rowSize);
      for (let row = 0; row < shape.k; row++) data[(row + 1) * shape.rowSize - 1] = row + 1;
      const segment = await codec.encode(data, shape);
      expect(Buffer.from(segment.commitment).toString("hex")).to.equal(commitment);
      segment.release();
    });
});
