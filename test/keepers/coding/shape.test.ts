import { expect } from "chai";
import fc from "fast-check";
import { CodingError, chooseShape } from "../../../keepers/coding/codec.ts";
import { assertShape, parityPoints } from "../../../keepers/coding/shape.ts";

const MiB = 2 ** 20;
const storage = { maxRowSize: 1024, parityPerOriginal: 1 } as const;

describe("chooseShape", () => {
  it("takes 4 MiB over ten nodes in rows of 1 KiB", () => {
    expect(chooseShape(4 * MiB, 10, storage)).to.deep.equal({ k: 4096, n: 4096, rowSize: 1024 });
  });

  it("keeps a small object small", () => {
    expect(chooseShape(1, 10, storage)).to.deep.equal({ k: 128, n: 128, rowSize: 64 });
    expect(chooseShape(128 * 64 + 1, 32, storage)).to.deep.equal({ k: 128, n: 128, rowSize: 128 });
    expect(chooseShape(1, 33, storage)).to.deep.equal({ k: 256, n: 256, rowSize: 64 });
  });

  it("takes 32 MiB at rate 1/4 in rows of 8 KiB", () => {
    const limits = { maxRowSize: 8192, parityPerOriginal: 3 } as const;
    expect(chooseShape(32 * MiB, 100, limits)).to.deep.equal({ k: 4096, n: 12288, rowSize: 8192 });
  });

  it("is the smallest that fits, and always codes", () => {
    const sizes = fc.integer({ min: 1, max: 16 * MiB });
    const limits = fc.record({
      maxRowSize: fc.constantFrom(1024, 2048, 8192),
      parityPerOriginal: fc.constantFrom<1 | 3>(1, 3),
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 500 }), limits, (size, holders, limit) => {
        if (size > 8192 * limit.maxRowSize) return;
        const { k, n, rowSize } = chooseShape(size, holders, limit);
        assertShape({ k, n, rowSize });
        expect(n).to.equal(k * limit.parityPerOriginal);
        expect(k).to.be.at.least(Math.max(128, 4 * holders));
        expect(rowSize).to.be.at.most(limit.maxRowSize);
        expect(k * rowSize).to.be.at.least(size);
        expect(k * (rowSize - 64)).to.be.below(size);
        const half = Math.ceil(size / (k / 2) / 64) * 64;
        expect(k === 128 || k / 2 < 4 * holders || half > limit.maxRowSize).to.equal(true);
      }),
    );
  });

  it("refuses nothing, too much, and nobody", () => {
    const code = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return error instanceof CodingError ? error.code : error;
      }
      return "no error";
    };
    for (const size of [0, -1, 1.5, Number.NaN])
      expect(code(() => chooseShape(size, 4, storage))).to.equal("coding/empty");
    for (const holders of [0, -3, 0.5])
      expect(code(() => chooseShape(9, holders, storage))).to.equal("coding/holders");
    expect(code(() => chooseShape(2 ** 40, 4, storage))).to.equal("coding/oversize");
    expect(code(() => chooseShape(9, 20_000, storage))).to.equal("coding/oversize");
    expect(code(() => chooseShape(9, 4, { ...storage, maxRowSize: 63 }))).to.equal("coding/oversize");
  });
});

describe("assertShape", () => {
  it("takes what the code can carry", () => {
    for (const [k, n] of [
      [1, 1],
      [1, 3],
      [2, 2],
      [4, 12],
      [32768, 32768],
      [8192, 24576],
    ] as const)
      expect(() => assertShape({ k, n, rowSize: 64 })).not.to.throw();
  });

  it("refuses the rest", () => {
    for (const [k, n, rowSize] of [
      [0, 1, 64],
      [3, 1, 64],
      [4, 3, 64],
      [4, 0, 64],
      [4, 4, 0],
      [4, 4, 65],
      [65536, 65536, 64],
      [16384, 49152, 64],
      [4.5, 4, 64],
      [32768, 32768, 32768],
    ] as const)
      expect(() => assertShape({ k, n, rowSize }), `${k} ${n} ${rowSize}`).to.throw("can't be coded");
  });

  it("rounds parity up to a power of two", () => {
    expect(parityPoints({ k: 4, n: 4, rowSize: 64 })).to.equal(4);
    expect(parityPoints({ k: 4, n: 12, rowSize: 64 })).to.equal(16);
    expect(parityPoints({ k: 4, n: 28, rowSize: 64 })).to.equal(32);
  });
});
