import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { AbiCoder, getBytes, keccak256 } from "ethers";
import fc from "fast-check";
import { MountainRange } from "../../../../keepers/coding/mountainRange.ts";
import {
  type BatchSegment,
  encodeBatch,
  layOut,
  parseBatch,
  segmentAt,
  segmentLeaf,
  unitsOf,
} from "../../../../keepers/storage/format/batch.ts";
import { codeOf } from "../codes.ts";

const SHAPES = [
  { k: 128, n: 128, rowSize: 64 },
  { k: 128, n: 128, rowSize: 1024 },
  { k: 4096, n: 4096, rowSize: 1024 },
];

const segmentOf = (index: number): BatchSegment => ({
  commitment: randomBytes(32),
  shape: SHAPES[index % SHAPES.length]!,
});

describe("storage: what a batch consists of", () => {
  it("counts units of 64 bytes a slot", () => {
    expect(SHAPES.map(unitsOf)).to.deep.equal([1n, 16n, 512n]);
  });

  it("hashes a leaf as the contract encodes it", () => {
    const segment = segmentOf(1);
    const { k, n, rowSize } = segment.shape;
    const types = ["bytes32", "uint32", "uint32", "uint32", "uint64"];
    const encoded = AbiCoder.defaultAbiCoder().encode(types, [segment.commitment, k, n, rowSize, 77n]);
    expect(segmentLeaf(segment, 77n)).to.deep.equal(getBytes(keccak256(encoded)));
  });

  it("lays segments out behind each other, and proves each", () => {
    const segments = Array.from({ length: 11 }, (_, i) => segmentOf(i));
    const layout = layOut(segments);
    let start = 0n;
    for (const placed of layout.segments) {
      expect(placed.start).to.equal(start);
      const leaf = segmentLeaf(placed, start);
      const proof = layout.prove(placed.index);
      expect(MountainRange.verify(leaf, placed.index, segments.length, layout.root, proof)).to.equal(true);
      for (const unit of [start, start + placed.units - 1n])
        expect(segmentAt(layout, unit).index).to.equal(placed.index);
      start += placed.units;
    }
    expect(layout.units).to.equal(start);
    expect(codeOf(() => segmentAt(layout, start))).to.equal("storage/bad-batch");
    expect(codeOf(() => segmentAt(layout, -1n))).to.equal("storage/bad-batch");
  });

  it("gives another root to another order, shape or count", () => {
    const segments = [segmentOf(0), segmentOf(1), segmentOf(2)];
    const [first, second, third] = segments as [BatchSegment, BatchSegment, BatchSegment];
    const others = [
      [second, first, third],
      [first, second],
      [first, second, { ...third, shape: SHAPES[0]! }],
    ];
    const roots = [segments, ...others].map((list) => Buffer.from(layOut(list).root).toString("hex"));
    expect(new Set(roots).size).to.equal(roots.length);
  });

  it("reads back what it wrote", () => {
    const segments = Array.from({ length: 5 }, (_, i) => segmentOf(i));
    const read = parseBatch(encodeBatch(segments));
    expect(layOut(read).root).to.deep.equal(layOut(segments).root);
  });

  it("refuses what is no list, and never fails otherwise", () => {
    const good = encodeBatch([segmentOf(0), segmentOf(1)]);
    expect(codeOf(() => parseBatch(new Uint8Array()))).to.equal("storage/bad-batch");
    expect(codeOf(() => parseBatch(good.subarray(0, -1)))).to.equal("storage/bad-batch");
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 44, maxLength: 88 }), (bytes) => {
        const list = Uint8Array.from(good);
        list.set(bytes.subarray(0, 88), 0);
        expect(codeOf(() => parseBatch(list))).to.be.oneOf(["", "storage/bad-batch"]);
      }),
    );
  });
});
