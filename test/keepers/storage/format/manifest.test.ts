import { expect } from "chai";
import fc from "fast-check";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import {
  encodeManifest,
  MAX_OBJECT_BYTES,
  MAX_SEGMENTS,
  type Manifest,
  type ManifestSegment,
  objectRoot,
  parseManifest,
} from "../../../../keepers/storage/format/manifest.ts";
import { codeOf } from "../codes.ts";

const segmentArbitrary: fc.Arbitrary<ManifestSegment> = fc
  .record({
    power: fc.integer({ min: 7, max: 12 }),
    quarter: fc.boolean(),
    rowUnits: fc.integer({ min: 1, max: 16 }),
  })
  .chain(({ power, quarter, rowUnits }) => {
    const k = 2 ** power;
    const shape = { k, n: quarter ? 3 * k : k, rowSize: 64 * rowUnits };
    return fc.record({
      commitment: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      length: fc.integer({ min: 1, max: k * shape.rowSize }),
      shape: fc.constant(shape),
    });
  });

const manifestArbitrary: fc.Arbitrary<Manifest> = fc
  .array(segmentArbitrary, { minLength: 1, maxLength: 20 })
  .map((segments) => ({ size: segments.reduce((sum, { length }) => sum + length, 0), segments }));

const segment: ManifestSegment = {
  commitment: new Uint8Array(32).fill(7),
  length: 100,
  shape: { k: 128, n: 128, rowSize: 64 },
};

describe("storage: manifest", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(manifestArbitrary, (manifest) => {
        expect(parseManifest(encodeManifest(manifest))).to.deep.equal(manifest);
      }),
    );
  });

  it("accepts nothing that it would not write itself, whatever byte is changed", () => {
    fc.assert(
      fc.property(
        manifestArbitrary,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (manifest, position, change) => {
          const bytes = Uint8Array.from(encodeManifest(manifest));
          bytes[position % bytes.length]! ^= change;
          let parsed: Manifest;
          try {
            parsed = parseManifest(bytes);
          } catch (error) {
            expect(error).to.be.instanceOf(FatalError);
            return;
          }
          expect(Buffer.from(encodeManifest(parsed)).equals(bytes)).to.equal(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("refuses garbage of any length with its own error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(codeOf(() => parseManifest(bytes))).to.equal("storage/bad-manifest");
      }),
    );
  });

  it("refuses every truncation and every extension", () => {
    const bytes = encodeManifest({ size: 200, segments: [segment, segment] });
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => parseManifest(bytes.subarray(0, length)))).to.equal("storage/bad-manifest");
    }
    expect(codeOf(() => parseManifest(Buffer.concat([bytes, Buffer.of(0)])))).to.equal(
      "storage/bad-manifest",
    );
  });

  it("refuses an empty object and a size that its segments do not have", () => {
    expect(codeOf(() => encodeManifest({ size: 0, segments: [] }))).to.equal("storage/empty-object");
    expect(codeOf(() => encodeManifest({ size: 101, segments: [segment] }))).to.equal("storage/bad-manifest");
    expect(codeOf(() => encodeManifest({ size: 0, segments: [{ ...segment, length: 0 }] }))).to.equal(
      "storage/empty-object",
    );
  });

  it("names the limit when there are too many segments, and takes exactly as many as it says", () => {
    const many = (count: number) => ({ size: 100 * count, segments: Array(count).fill(segment) });
    const largest = encodeManifest(many(MAX_SEGMENTS));
    expect(largest.length).to.be.at.most(64 * 1024);
    expect(parseManifest(largest).segments).to.have.length(MAX_SEGMENTS);
    expect(() => encodeManifest(many(MAX_SEGMENTS + 1)))
      .to.throw(FatalError, `${MAX_SEGMENTS} segments (${MAX_OBJECT_BYTES} bytes)`)
      .with.property("code", "storage/object-too-large");
  });

  it("refuses shapes that cannot be placed or coded", () => {
    const shapes = [
      { k: 64, n: 192, rowSize: 64 },
      { k: 128, n: 64, rowSize: 64 },
      { k: 128, n: 896, rowSize: 64 },
      { k: 128, n: 128, rowSize: 96 },
      { k: 128, n: 128, rowSize: 0 },
      { k: 65_536, n: 65_536, rowSize: 64 },
      { k: 32_768, n: 32_768, rowSize: 192 },
    ];
    for (const shape of shapes) {
      const code = codeOf(() => encodeManifest({ size: 1, segments: [{ ...segment, length: 1, shape }] }));
      expect(code, JSON.stringify(shape)).to.equal("storage/bad-manifest");
    }
  });

  it("has a root that depends on every byte, and is not the plain hash", () => {
    const bytes = encodeManifest({ size: 100, segments: [segment] });
    const root = Buffer.from(objectRoot(bytes)).toString("hex");
    const roots = new Set([root]);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Uint8Array.from(bytes);
      changed[i]! ^= 1;
      roots.add(Buffer.from(objectRoot(changed)).toString("hex"));
    }
    expect(roots.size).to.equal(bytes.length + 1);
    expect(Buffer.from(objectRoot(Uint8Array.of())).toString("hex")).to.equal(
      "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986",
    );
  });
});
