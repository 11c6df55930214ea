import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import fc from "fast-check";
import { type Codec, createCodec, type Shape } from "../../../keepers/coding/codec.ts";
import { merkleTree, nodeOf } from "../../../keepers/coding/merkle.ts";
import { bent, commitToRows, noise, type Sent, send, subsets } from "./codecSupport.ts";

use(chaiAsPromised);

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const pick = ({ rows }: Sent, indices: readonly number[]) =>
  new Map(indices.map((index) => [index, rows[index]!]));
const original = ({ shape, rows }: Sent) => Buffer.concat(rows.slice(0, shape.k));

describe("rebuild", () => {
  let codec: Codec;
  before(async () => {
    codec = await createCodec({ threads: 0 });
  });
  after(() => codec.close());

  const sentOf = ([k, n, rowSize]: readonly [number, number, number], seed = 7) =>
    send(codec, noise(k * rowSize, seed), { k, n, rowSize });

  const expectRebuilt = async (sent: Sent, indices: readonly number[]) => {
    const data = await codec.rebuild(sent.shape, pick(sent, indices));
    if (Buffer.compare(data, original(sent)) !== 0)
      throw new Error(`wrong bytes from rows ${indices.join(" ")}`);
  };

  for (const shape of [
    [1, 1, 64],
    [1, 3, 64],
    [1, 7, 128],
    [2, 2, 64],
    [2, 6, 64],
    [4, 4, 128],
    [4, 12, 64],
    [8, 8, 64],
  ] as const)
    it(`from every ${shape[0]} of ${shape[0] + shape[1]} rows`, async () => {
      const sent = await sentOf(shape);
      for (const indices of subsets(range(0, shape[0] + shape[1]), shape[0]))
        await expectRebuilt(sent, indices);
    });

  for (const [k, n, rowSize] of [
    [64, 64, 64],
    [128, 128, 192],
    [128, 384, 128],
    [256, 1792, 64],
    [1024, 1024, 64],
    [4096, 4096, 64],
    [4096, 12288, 64],
  ] as const)
    it(`from parity alone, originals alone, and both, at ${k} + ${n}`, async () => {
      const sent = await sentOf([k, n, rowSize]);
      await expectRebuilt(sent, range(0, k));
      await expectRebuilt(sent, range(k, 2 * k));
      await expectRebuilt(sent, range(n, k + n));
      await expectRebuilt(sent, [...range(0, k - 1), k + n - 1]);
      await expectRebuilt(sent, [0, ...range(n + 1, k + n)]);
      await expectRebuilt(
        sent,
        range(0, k).map((index) => index * ((k + n) / k)),
      );
      await expectRebuilt(sent, [...range(1, k), ...range(k + 3, k + n)]);
    });

  it("from random rows of random shapes, in any order, with rows to spare", async () => {
    const shapes = fc.record({
      k: fc.integer({ min: 0, max: 9 }).map((log) => 2 ** log),
      cosets: fc.integer({ min: 1, max: 3 }),
      chunks: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.integer(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (chosen, seed, spare) => {
          const shape = { k: chosen.k, n: chosen.k * (2 ** chosen.cosets - 1), rowSize: 64 * chosen.chunks };
          const sent = await sentOf([shape.k, shape.n, shape.rowSize], seed);
          const shuffled = fc.sample(
            fc.shuffledSubarray(range(0, shape.k + shape.n), {
              minLength: shape.k + Math.floor(spare * shape.n),
              maxLength: shape.k + Math.floor(spare * shape.n),
            }),
            { numRuns: 1, seed },
          )[0]!;
          await expectRebuilt(sent, shuffled);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("does not touch the rows it is given", async () => {
    const sent = await sentOf([16, 16, 64]);
    const rows = pick(sent, range(8, 24));
    const before = [...rows.values()].map((row) => Uint8Array.from(row));
    await codec.rebuild(sent.shape, rows);
    expect([...rows.values()]).to.deep.equal(before);
  });

  it("refuses too few rows, rows of no index and rows of another length", async () => {
    const sent = await sentOf([4, 4, 64]);
    const rebuilding = (rows: ReadonlyMap<number, Uint8Array>, shape: Shape = sent.shape) =>
      codec.rebuild(shape, rows);
    const coded = (code: string) => ({ code });
    await expect(rebuilding(pick(sent, [1, 2, 7]))).to.be.rejected.and.eventually.include(
      coded("coding/too-few-rows"),
    );
    await expect(rebuilding(new Map())).to.be.rejected.and.eventually.include(coded("coding/too-few-rows"));
    for (const index of [8, -1, 1.5])
      await expect(
        rebuilding(new Map([...pick(sent, [0, 1, 2]), [index, sent.rows[0]!]])),
      ).to.be.rejected.and.eventually.include(coded("coding/row-index"));
    const short = new Map([...pick(sent, [0, 1, 2]), [5, new Uint8Array(63)]]);
    await expect(rebuilding(short)).to.be.rejected.and.eventually.include(coded("coding/row-length"));
    await expect(
      rebuilding(pick(sent, [0, 1, 2, 3]), { k: 3, n: 5, rowSize: 64 }),
    ).to.be.rejected.and.eventually.include(coded("coding/shape"));
  });

  it("tells a codeword from rows that were only committed to", async () => {
    const sent = await sentOf([8, 8, 64]);
    const root = (rows: readonly Uint8Array[]) => Buffer.from(nodeOf(merkleTree(rows), 1)).toString("hex");
    const rootAgain = async (rebuilt: Uint8Array) =>
      Buffer.from(nodeOf(await codec.rowTree(rebuilt, sent.shape, 4), 1)).toString("hex");
    const honest = await codec.rebuild(sent.shape, pick(sent, range(5, 13)));
    expect(await rootAgain(honest)).to.equal(root(sent.rows));
    expect(Buffer.compare(honest, original(sent))).to.equal(0);
    const bad = commitToRows(sent.shape, sent.rows.with(12, bent(sent.rows[12]!, 3)));
    const rebuilt = await codec.rebuild(bad.shape, pick(bad, range(0, 8)));
    expect(await rootAgain(rebuilt)).not.to.equal(root(bad.rows));
    expect(Buffer.compare(rebuilt, original(sent))).to.equal(0);
  });
});
