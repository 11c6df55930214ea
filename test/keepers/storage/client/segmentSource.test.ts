import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { cutSegments } from "../../../../keepers/storage/client/segmentSource.ts";
import { MAX_SEGMENT_BYTES } from "../../../../keepers/storage/format/limits.ts";
import { MAX_PACKED_OBJECT_BYTES } from "../../../../keepers/storage/format/pack.ts";
import { codeOfRejection } from "../codes.ts";

async function runsOf(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const runs: Uint8Array[] = [];
  for await (const run of cutSegments(source)) runs.push(run);
  return runs;
}

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, number = 0; at < bytes.length; number++) {
    const size = sizes[number % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("storage: segment source", () => {
  it("cuts the same runs out of any chunks", async () => {
    const bytes = randomBytes(3 * MAX_SEGMENT_BYTES);
    const chunk = fc.oneof(
      fc.integer({ min: 100_000, max: 2 * MAX_SEGMENT_BYTES }),
      fc.constantFrom(MAX_SEGMENT_BYTES, MAX_PACKED_OBJECT_BYTES, MAX_SEGMENT_BYTES + 1),
    );
    const chunks = fc.array(chunk, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), chunks, async (size, sizes) => {
        const part = bytes.subarray(0, size);
        const runs = await runsOf(inChunks(part, sizes));
        expect(runs.slice(0, -1).every(({ length }) => length === MAX_SEGMENT_BYTES)).to.equal(true);
        expect(runs.length).to.equal(Math.ceil(size / MAX_SEGMENT_BYTES));
        expect(Buffer.concat(runs).equals(part)).to.equal(true);
        expect(Buffer.concat(await runsOf(part)).equals(part)).to.equal(true);
      }),
      { numRuns: 25 },
    );
  });

  it("holds no more room for a small object than its bytes", async () => {
    for (const size of [1, 4_096, MAX_PACKED_OBJECT_BYTES]) {
      const [run] = await runsOf(inChunks(randomBytes(size), [1_000]));
      expect(run!.buffer.byteLength).to.equal(size);
    }
  });

  it("refuses an empty source", async () => {
    for (const source of [new Uint8Array(0), inChunks(new Uint8Array(0), [1])])
      expect(await codeOfRejection(runsOf(source))).to.equal("storage/empty-object");
  });
});
