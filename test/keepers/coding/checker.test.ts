import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import fc from "fast-check";
import { type Codec, checkOriginalRow, createCodec } from "../../../keepers/coding/codec.ts";
import { bent, commitToRows, noise, refusal, type Sent, send } from "./codecSupport.ts";

use(chaiAsPromised);

const bits = [1, 2, 4, 8, 16, 32, 64, 128];

describe("row checker", () => {
  let codec: Codec;
  let sent: Sent;
  before(async () => {
    codec = await createCodec({ threads: 0 });
    sent = await send(codec, noise(4 * 64), { k: 4, n: 4, rowSize: 64 });
  });
  after(() => codec.close());

  const checkerOf = ({ commitment, shape, rlc }: Sent) => codec.checker(commitment, shape, rlc);
  const indices = [0, 1, 2, 3, 4, 5, 6, 7];

  it("takes every row of many shapes, more than once and in any order", async () => {
    for (const [k, n, rowSize] of [
      [1, 1, 64],
      [1, 3, 64],
      [2, 2, 64],
      [4, 12, 256],
      [64, 64, 128],
      [128, 384, 64],
      [2048, 2048, 64],
    ] as const) {
      const segment = await send(codec, noise(k * rowSize - 1, k), { k, n, rowSize });
      const checker = await checkerOf(segment);
      for (const step of [1, 7, 1])
        for (let index = 0; index < k + n; index++) {
          const row = (index * step) % (k + n);
          checker.check(row, segment.rows[row]!, segment.paths[row]!);
        }
    }
  });

  it("refuses every changed bit of a row, before and after it has seen good ones", async () => {
    const seasoned = await checkerOf(sent);
    for (const index of indices) seasoned.check(index, sent.rows[index]!, sent.paths[index]!);
    const fresh = await checkerOf(sent);
    for (const index of indices)
      for (let at = 0; at < 64; at++)
        for (const bit of bits) {
          const row = bent(sent.rows[index]!, at, bit);
          expect(refusal(() => fresh.check(index, row, sent.paths[index]!))).to.equal("commitment");
          expect(refusal(() => seasoned.check(index, row, sent.paths[index]!))).to.equal("row-path");
        }
  });

  it("refuses every changed bit of a path, before and after it has seen good ones", async () => {
    const seasoned = await checkerOf(sent);
    for (const index of indices) seasoned.check(index, sent.rows[index]!, sent.paths[index]!);
    const fresh = await checkerOf(sent);
    for (const index of indices)
      for (let at = 0; at < 96; at++)
        for (const bit of bits) {
          const path = bent(sent.paths[index]!, at, bit);
          expect(refusal(() => fresh.check(index, sent.rows[index]!, path))).to.equal("commitment");
          expect(refusal(() => seasoned.check(index, sent.rows[index]!, path))).to.equal("row-path");
        }
  });

  it("refuses every row under a changed bit of the combinations or of the commitment", async () => {
    for (const bit of bits) {
      for (let at = 0; at < sent.rlc.length; at++) {
        const checker = await checkerOf({ ...sent, rlc: bent(sent.rlc, at, bit) });
        for (const index of indices)
          expect(refusal(() => checker.check(index, sent.rows[index]!, sent.paths[index]!))).to.equal(
            "commitment",
          );
      }
      for (let at = 0; at < 32; at++) {
        const checker = await checkerOf({ ...sent, commitment: bent(sent.commitment, at, bit) });
        for (const index of indices)
          expect(refusal(() => checker.check(index, sent.rows[index]!, sent.paths[index]!))).to.equal(
            "commitment",
          );
      }
    }
  });

  it("refuses a changed byte anywhere in a large segment", async () => {
    const large = await send(codec, noise(256 * 192, 5), { k: 256, n: 768, rowSize: 192 });
    const checker = await checkerOf(large);
    fc.assert(
      fc.property(
        fc.nat({ max: 1023 }),
        fc.nat({ max: 191 }),
        fc.nat({ max: 319 }),
        fc.integer({ min: 1, max: 255 }),
        (index, at, pathAt, mask) => {
          const [row, path] = [large.rows[index]!, large.paths[index]!];
          expect(refusal(() => checker.check(index, bent(row, at, mask), path))).to.be.a("string");
          expect(refusal(() => checker.check(index, row, bent(path, pathAt, mask)))).to.be.a("string");
          checker.check(index, row, path);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses a row at another place, and input of the wrong form", async () => {
    const checker = await checkerOf(sent);
    const [row, path] = [sent.rows[2]!, sent.paths[2]!];
    checker.check(2, row, path);
    expect(refusal(() => checker.check(3, row, path))).to.equal("row-path");
    expect(refusal(() => checker.check(2, sent.rows[3]!, path))).to.equal("row-path");
    for (const index of [-1, 8, 0.5, Number.NaN])
      expect(refusal(() => checker.check(index, row, path))).to.equal("row-index");
    for (const length of [0, 63, 65])
      expect(refusal(() => checker.check(2, new Uint8Array(length), path))).to.equal("row-length");
    for (const length of [0, 64, 95, 128])
      expect(refusal(() => checker.check(2, row, new Uint8Array(length)))).to.equal("path-length");
    await expect(checkerOf({ ...sent, rlc: sent.rlc.slice(1) })).to.be.rejectedWith("combinations");
    await expect(checkerOf({ ...sent, shape: { k: 5, n: 3, rowSize: 64 } })).to.be.rejectedWith(
      "can't be coded",
    );
  });

  it("refuses exactly the rows that are in the tree but not in the codeword", async () => {
    for (const liar of indices) {
      const rows = sent.rows.with(liar, bent(sent.rows[liar]!, 17));
      const bad = commitToRows(sent.shape, rows);
      const checker = await checkerOf(bad);
      const refused = indices.filter((index) =>
        refusal(() => checker.check(index, rows[index]!, bad.paths[index]!)),
      );
      // A changed original is another codeword, of which the parity rows are then wrong.
      expect(refused).to.deep.equal(liar < 4 ? [4, 5, 6, 7] : [liar]);
    }
  });

  it("takes every run of rows, and refuses one with any byte, path or place changed", async () => {
    const segment = await send(codec, noise(64 * 128, 3), { k: 64, n: 64, rowSize: 128 });
    const { rows, paths, shape } = segment;
    const checker = await checkerOf(segment);
    for (let count = 1; count <= 128; count *= 2) {
      const fresh = await checkerOf(segment);
      for (let first = 0; first < 128; first += count) {
        const run = Buffer.concat(rows.slice(first, first + count));
        const path = paths[first]!.subarray(32 * Math.log2(count));
        fresh.checkRun(first, run, path);
        checker.checkRun(first, run, path);
        checker.check(first, rows[first]!, paths[first]!);
        const at = (first * 37) % run.length;
        expect(refusal(() => checker.checkRun(first, bent(run, at), path))).to.equal("row-path");
        expect(refusal(() => checker.checkRun(first ^ count, run, path))).to.be.oneOf([
          "row-path",
          "row-index",
        ]);
        if (path.length > 0)
          expect(refusal(() => checker.checkRun(first, run, bent(path, at % path.length)))).to.equal(
            "row-path",
          );
      }
    }
    const run = Buffer.concat(rows.slice(0, 4));
    const path = paths[0]!.subarray(64);
    expect(refusal(() => checker.checkRun(2, run, path))).to.equal("row-index");
    expect(refusal(() => checker.checkRun(128, run, path))).to.equal("row-index");
    expect(refusal(() => checker.checkRun(0, run.subarray(shape.rowSize), path))).to.equal("row-length");
    expect(refusal(() => checker.checkRun(0, run.subarray(1), path))).to.equal("row-length");
    expect(refusal(() => checker.checkRun(0, new Uint8Array(0), path))).to.equal("row-length");
    expect(refusal(() => checker.checkRun(0, run, path.subarray(32)))).to.equal("path-length");
  });

  it("refuses a run with one row that is in the tree but not in the codeword", async () => {
    const long = await send(codec, noise(64 * 64, 4), { k: 64, n: 64, rowSize: 64 });
    for (const liar of [64, 77, 100, 127]) {
      const bad = commitToRows(long.shape, long.rows.with(liar, bent(long.rows[liar]!, 17)));
      const checker = await checkerOf(bad);
      const rows = long.rows.with(liar, bent(long.rows[liar]!, 17));
      const path = (first: number) => bad.paths[first]!.subarray(32 * 6);
      checker.checkRun(0, Buffer.concat(rows.slice(0, 64)), path(0));
      expect(refusal(() => checker.checkRun(64, Buffer.concat(rows.slice(64)), path(64)))).to.equal(
        "row-combination",
      );
    }
  });

  it("keeps commitments apart while it checks rows of many in turn", async () => {
    const many = await Promise.all([1, 2, 3].map((seed) => send(codec, noise(4 * 64, seed), sent.shape)));
    const checkers = await Promise.all(many.map(checkerOf));
    for (const index of indices)
      many.forEach((one, at) => {
        checkers[at]!.check(index, one.rows[index]!, one.paths[index]!);
        const other = many[(at + 1) % 3]!;
        expect(refusal(() => checkers[at]!.check(index, other.rows[index]!, other.paths[index]!))).to.be.a(
          "string",
        );
      });
  });
});

describe("checkOriginalRow", () => {
  let codec: Codec;
  let sent: Sent;
  before(async () => {
    codec = await createCodec({ threads: 0 });
    sent = await send(codec, noise(4 * 64, 9), { k: 4, n: 12, rowSize: 64 });
  });
  after(() => codec.close());

  const check = (
    index: number,
    change: Partial<{ row: Uint8Array; path: Uint8Array; rlcPath: Uint8Array; commitment: Uint8Array }> = {},
  ) =>
    refusal(() =>
      checkOriginalRow(
        change.commitment ?? sent.commitment,
        sent.shape,
        index,
        change.row ?? sent.rows[index]!,
        change.path ?? sent.paths[index]!,
        change.rlcPath ?? sent.rlcPaths[index]!,
      ),
    );

  it("takes every original and refuses a parity row", () => {
    for (let index = 0; index < 4; index++) expect(check(index)).to.equal(undefined);
    expect(check(4, { rlcPath: sent.rlcPaths[0]! })).to.equal("row-index");
  });

  it("refuses every changed byte", () => {
    const index = 2;
    for (let at = 0; at < 64; at++)
      expect(check(index, { row: bent(sent.rows[index]!, at) })).to.equal("commitment");
    for (let at = 0; at < 128; at++)
      expect(check(index, { path: bent(sent.paths[index]!, at) })).to.equal("commitment");
    for (let at = 0; at < 64; at++)
      expect(check(index, { rlcPath: bent(sent.rlcPaths[index]!, at) })).to.equal("commitment");
    for (let at = 0; at < 32; at++)
      expect(check(index, { commitment: bent(sent.commitment, at) })).to.equal("commitment");
  });

  it("refuses input of the wrong form", () => {
    expect(check(0, { row: new Uint8Array(65) })).to.equal("row-length");
    expect(check(0, { path: new Uint8Array(96) })).to.equal("path-length");
    expect(check(0, { rlcPath: new Uint8Array(96) })).to.equal("path-length");
  });
});
