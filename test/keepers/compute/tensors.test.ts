import { expect } from "chai";
import fc from "fast-check";
import {
  type DataType,
  decodeTensors,
  encodeTensors,
  type Tensor,
  type TensorData,
} from "../../../keepers/compute/tensors.ts";

const names = fc.stringMatching(/^[!-~]{1,20}$/);
const dims = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

function filled(name: string, shape: number[], dtype: DataType, seed: number): Tensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const numbers = Array.from({ length }, (_, index) => Math.imul(seed + index, 2654435761));
  const makers: Record<DataType, () => TensorData> = {
    float32: () => Float32Array.from(numbers, (value) => (value % 7 === 0 ? Number.NaN : value / 3)),
    float64: () => Float64Array.from(numbers, (value) => (value % 7 === 0 ? -0 : value / 3)),
    int8: () => Int8Array.from(numbers),
    int16: () => Int16Array.from(numbers),
    int32: () => Int32Array.from(numbers),
    int64: () => BigInt64Array.from(numbers, BigInt),
    uint8: () => Uint8Array.from(numbers),
    uint16: () => Uint16Array.from(numbers),
    uint32: () => Uint32Array.from(numbers),
    uint64: () => BigUint64Array.from(numbers, (value) => BigInt(value >>> 0)),
    bool: () => Uint8Array.from(numbers, (value) => value & 1),
  };
  return { name, dtype, dims: shape, data: makers[dtype]() };
}

const types = fc.constantFrom<DataType>(
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
);
const tensor = fc
  .tuple(names, dims, types, fc.integer())
  .map(([name, shape, dtype, seed]) => filled(name, shape, dtype, seed));
const bundle = fc.uniqueArray(tensor, { minLength: 1, maxLength: 5, selector: ({ name }) => name });

describe("tensor bundle", function () {
  this.timeout(30_000);
  it("reads back what it wrote, whatever the order of the tensors", () => {
    fc.assert(
      fc.property(bundle, (tensors) => {
        const bytes = encodeTensors(tensors);
        expect(encodeTensors([...tensors].reverse())).to.deep.equal(bytes);
        const read = decodeTensors(bytes);
        expect(encodeTensors(read)).to.deep.equal(bytes);
        for (const { name, dtype, dims: shape, data } of tensors) {
          const found = read.find((other) => other.name === name);
          expect(found).to.deep.equal({ name, dtype, dims: shape, data });
        }
      }),
    );
  });

  it("accepts no second encoding: every changed bundle is refused or is a different value", () => {
    fc.assert(
      fc.property(bundle, fc.nat(), fc.integer({ min: 1, max: 255 }), (tensors, where, change) => {
        const bytes = encodeTensors(tensors);
        const at = where % bytes.length;
        bytes[at]! ^= change;
        let read: Tensor[];
        try {
          read = decodeTensors(bytes);
        } catch (error) {
          expect(error).to.have.property("code", "compute/invalid-tensors");
          return;
        }
        expect(encodeTensors(read)).to.deep.equal(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses every cut and every addition", () => {
    const bytes = encodeTensors([filled("pixels", [2, 3], "float32", 1), filled("mask", [3], "bool", 2)]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeTensors(bytes.subarray(0, length)))
        .to.throw()
        .with.property("code", "compute/invalid-tensors");
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(() => decodeTensors(longer)).to.throw("1 bytes follow");
  });

  it("refuses garbage without running out of memory", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = Uint8Array.from([0x4d, 0x59, 0x54, 0x42, 1, 1, ...tail]);
        try {
          expect(encodeTensors(decodeTensors(bytes))).to.deep.equal(bytes);
        } catch (error) {
          expect(error).to.have.property("code", "compute/invalid-tensors");
        }
      }),
      { numRuns: 500 },
    );
    const huge = Uint8Array.from([
      0x4d, 0x59, 0x54, 0x42, 1, 1, 1, 97, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255,
    ]);
    expect(() => decodeTensors(huge)).to.throw("cut short");
  });

  it("settles every NaN on the quiet one and refuses the others", () => {
    const odd = new Float32Array(Uint32Array.of(0xffc00001).buffer);
    const bytes = encodeTensors([{ name: "x", dtype: "float32", dims: [1], data: odd }]);
    expect(new DataView(bytes.buffer).getUint32(bytes.length - 4, true)).to.equal(0x7fc00000);
    new DataView(bytes.buffer).setUint32(bytes.length - 4, 0xffc00001, true);
    expect(() => decodeTensors(bytes)).to.throw("NaN");
  });

  it("reads a Buffer that is part of a larger pool", () => {
    const bytes = encodeTensors([filled("x", [2, 3], "float32", 1)]);
    const pool = Buffer.alloc(bytes.length + 16, 0xff);
    pool.set(bytes, 3);
    expect(decodeTensors(pool.subarray(3, 3 + bytes.length))).to.deep.equal(decodeTensors(bytes));
  });

  it("keeps minus zero apart from zero", () => {
    const encode = (value: number) =>
      encodeTensors([{ name: "x", dtype: "float64", dims: [], data: Float64Array.of(value) }]);
    expect(encode(-0)).to.not.deep.equal(encode(0));
  });

  const refused: [string, Tensor[]][] = [
    ["no tensor at all", []],
    ["the same name twice", [filled("x", [1], "int8", 1), filled("x", [1], "int8", 2)]],
    ["an empty name", [filled("", [1], "int8", 1)]],
    ["a name that is not ASCII", [filled("π", [1], "int8", 1)]],
    ["a dimension of zero", [{ name: "x", dtype: "int8", dims: [0], data: new Int8Array(0) }]],
    ["fewer elements than its shape", [{ name: "x", dtype: "int8", dims: [2], data: new Int8Array(1) }]],
    ["another array type than its own", [{ name: "x", dtype: "int8", dims: [1], data: new Uint8Array(1) }]],
    ["a bool of 2", [{ name: "x", dtype: "bool", dims: [1], data: Uint8Array.of(2) }]],
    ["nine dimensions", [filled("x", [1, 1, 1, 1, 1, 1, 1, 1, 1], "int8", 1)]],
  ];
  for (const [what, tensors] of refused) {
    it(`does not encode ${what}`, () => {
      expect(() => encodeTensors(tensors))
        .to.throw()
        .with.property("code", "compute/invalid-tensors");
    });
  }

  it("keeps to its size limit both ways", () => {
    const tensors = [filled("x", [4, 4, 4], "float64", 1)];
    const bytes = encodeTensors(tensors);
    expect(() => encodeTensors(tensors, { maxBytes: bytes.length - 1 })).to.throw("limit");
    expect(() => decodeTensors(bytes, { maxBytes: bytes.length - 1 })).to.throw("limit");
    expect(decodeTensors(bytes, { maxBytes: bytes.length })).to.have.length(1);
  });
});
