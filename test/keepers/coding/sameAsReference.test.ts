import { expect } from "chai";
import fc from "fast-check";
import { type Codec, createCodec } from "../../../keepers/coding/codec.ts";
import { noise, send } from "./codecSupport.ts";
import { createReference } from "./reference/rsema1d.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const join = (parts: readonly Uint8Array[]) => hex(Buffer.concat(parts));

describe("kernels against the reference", () => {
  const reference = createReference();
  let codec: Codec;
  before(async () => {
    codec = await createCodec({ threads: 0 });
  });
  after(() => codec.close());

  const shapes = fc
    .record({
      logK: fc.integer({ min: 0, max: 8 }),
      cosets: fc.integer({ min: 1, max: 4 }),
      chunks: fc.integer({ min: 1, max: 7 }),
    })
    .map(({ logK, cosets, chunks }) => ({
      k: 2 ** logK,
      n: 2 ** logK * (2 ** cosets - 1),
      rowSize: 64 * chunks,
    }));

  it("gives equal rows, trees and combinations", async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.integer(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (shape, seed, fill) => {
          const data = noise(Math.max(1, Math.floor(fill * shape.k * shape.rowSize)), seed);
          const sent = await send(codec, data, shape);
          const expected = reference.encode(data, shape);
          expect(hex(sent.commitment)).to.equal(hex(expected.commitment));
          expect(join(sent.rows)).to.equal(join(expected.rows));
          expect(hex(sent.rlc)).to.equal(join(expected.rlc));
          for (const index of [0, shape.k - 1, shape.k, shape.k + shape.n - 1])
            expect(hex(sent.paths[index]!)).to.equal(join(expected.rowPath(index)));
          expect(hex(sent.rlcPaths.at(-1)!)).to.equal(join(expected.rlcPath(shape.k - 1)));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("rebuilds the same from the same rows", async () => {
    const few = shapes.filter(({ k, n, rowSize }) => (k + n) * k * rowSize < 2 ** 24);
    await fc.assert(
      fc.asyncProperty(few, fc.integer(), async (shape, seed) => {
        const { k, n, rowSize } = shape;
        const segment = reference.encode(noise(k * rowSize, seed), shape);
        const every = Array.from({ length: k + n }, (_, index) => index);
        const picked = fc.sample(fc.shuffledSubarray(every, { minLength: k, maxLength: k }), {
          numRuns: 1,
          seed,
        })[0]!;
        const rows = new Map(picked.map((index) => [index, segment.rows[index]!]));
        expect(hex(await codec.rebuild(shape, rows))).to.equal(join(reference.rebuild(rows, shape)));
      }),
      { numRuns: 40 },
    );
  });
});
