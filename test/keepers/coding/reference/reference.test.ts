import { expect } from "chai";
import fc from "fast-check";
import { type createField, multiplyPolynomials, polynomialOf } from "./field.ts";
import { createReference, type ReferenceShape } from "./rsema1d.ts";
import { rowOf, symbolsOf } from "./symbols.ts";
import { climb, sha256 } from "./tree.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const element = fc.integer({ min: 0, max: 65_535 });
const shapes: ReferenceShape[] = [
  [1, 1],
  [1, 3],
  [2, 2],
  [4, 4],
  [8, 8],
  [4, 12],
  [8, 24],
  [16, 16],
  [16, 48],
  [2, 14],
].map(([k, n]) => ({ k: k!, n: n!, rowSize: 64 }));

/** Value at `point` of the one polynomial of degree below points.length with these values, by Lagrange's formula. */
function interpolate(field: ReturnType<typeof createField>, points: [number, number][], at: number): number {
  return points.reduce((sum, [xi, yi]) => {
    const term = points.reduce(
      (product, [xj]) =>
        xj === xi ? product : field.multiply(product, field.multiply(at ^ xj, field.invert(xi ^ xj))),
      yi,
    );
    return sum ^ term;
  }, 0);
}

describe("reference: RSEMA1D", () => {
  const reference = createReference();

  for (const [n, rowSize, commitment] of [
    [4, 64, "f57fdff87d54f71bc0c860808b046356c8d4850e67b923e08411208df08cb5ab"],
    [12, 256, "8ac46440862f280346635eee5075f81ff04b659fb7a86c1e25a28f5f71c3f97e"],
  ] as const) {
    it(`hits the published vector K=4 N=${n} rowSize=${rowSize}`, () => {
      const data = new Uint8Array(4 * rowSize);
      for (let i = 0; i < 4; i++) data[(i + 1) * rowSize - 1] = i + 1;
      expect(hex(reference.encode(data, { k: 4, n, rowSize }).commitment)).to.equal(commitment);
    });
  }

  it("multiplies as polynomials do", () => {
    const { field } = reference;
    fc.assert(
      fc.property(element, element, (a, b) => {
        const product = multiplyPolynomials(polynomialOf(a), polynomialOf(b));
        expect(polynomialOf(field.multiply(a, b))).to.equal(product);
        if (a !== 0) expect(field.multiply(a, field.invert(a))).to.equal(1);
      }),
    );
  });

  it("codes as Lagrange's formula says", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.uint8Array({ minLength: 16 * 64, maxLength: 16 * 64 }),
        (shape, seed) => {
          const { k, n } = shape;
          const { rows } = reference.encode(seed.slice(0, k * 64), shape);
          const m = 2 ** Math.ceil(Math.log2(n));
          const symbol = (r: number) => symbolsOf(rows[r]!)[5]!;
          // Originals stand at m, m + 1, …; where they end before the next multiple of m, zeros fill the run.
          const points = Array.from({ length: m }, (_, i): [number, number] => [
            m + i,
            i < k ? symbol(i) : 0,
          ]);
          for (let i = 0; i < n; i++) expect(symbol(k + i)).to.equal(interpolate(reference.field, points, i));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("rebuilds from any k rows", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.uint8Array({ minLength: 16 * 64, maxLength: 16 * 64 }),
        fc.infiniteStream(fc.nat()),
        (shape, seed, order) => {
          const { rows } = reference.encode(seed.slice(0, shape.k * 64), shape);
          const indices = rows.map((_, r) => r);
          const chosen = Array.from(
            { length: shape.k },
            () => indices.splice(order.next().value! % indices.length, 1)[0]!,
          );
          const rebuilt = reference.rebuild(new Map(chosen.map((r) => [r, rows[r]!])), shape);
          expect(rebuilt.map(hex)).to.deep.equal(rows.slice(0, shape.k).map(hex));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("extends the originals' RLC values to those of the parity rows", () => {
    for (const shape of shapes) {
      const data = new Uint8Array(shape.k * 64).map((_, i) => (i * 151 + (i >> 3)) & 0xff);
      const segment = reference.encode(data, shape);
      const coefficients = reference.coefficients(segment.rowRoot, shape);
      const extended = reference.extendRlc(segment.rlc, shape.n);
      expect(extended.map(hex)).to.deep.equal(
        segment.rows.map((row) => hex(reference.rlcOf(row, coefficients))),
      );
    }
  });

  it("proves rows and RLC values under the commitment", () => {
    const shape = { k: 8, n: 24, rowSize: 128 };
    const data = new Uint8Array(8 * 128).map((_, i) => (i * 31 + (i >> 7)) & 0xff);
    const segment = reference.encode(data, shape);
    for (const [r, row] of segment.rows.entries()) {
      expect(hex(climb(row, r, segment.rowPath(r)))).to.equal(hex(segment.rowRoot));
      expect(hex(climb(row, r ^ 1, segment.rowPath(r)))).to.not.equal(hex(segment.rowRoot));
    }
    for (const [r, value] of segment.rlc.entries())
      expect(hex(climb(value, r, segment.rlcPath(r)))).to.equal(hex(segment.rlcRoot));
    expect(hex(sha256(segment.rowRoot, segment.rlcRoot))).to.equal(hex(segment.commitment));
  });

  it("lays symbols out by chunks", () => {
    const row = Uint8Array.from({ length: 128 }, (_, i) => i);
    expect([...symbolsOf(row).slice(0, 2), symbolsOf(row)[32]]).to.deep.equal([0x2000, 0x2101, 0x6040]);
    expect(hex(rowOf(symbolsOf(row)))).to.equal(hex(row));
  });

  it("refuses more data than rows, more points than the field, and too few rows", () => {
    const shape = { k: 2, n: 2, rowSize: 64 };
    expect(() => reference.encode(new Uint8Array(129), shape)).to.throw(RangeError);
    expect(() => reference.extendRlc([new Uint8Array(16)], 65_536)).to.throw(RangeError);
    expect(() => reference.rebuild(new Map([[0, new Uint8Array(64)]]), shape)).to.throw(RangeError);
  });
});
