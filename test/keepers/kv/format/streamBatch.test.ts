import { expect } from "chai";
import fc from "fast-check";
import {
  MAX_BATCH_BYTES,
  MAX_ITEMS,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  SEEN_ALL,
} from "../../../../keepers/kv/format/limits.ts";
import {
  encodeStreamBatch,
  parseStreamBatch,
  type StreamBatch,
} from "../../../../keepers/kv/format/streamBatch.ts";
import { codeOf } from "../../storage/codes.ts";
import { anyControl } from "../controls.ts";

const bytes = (max: number, min = 0) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((b) => Buffer.from(b));
const key = bytes(40, 1);
const account = bytes(20, 20);
const distinct = { selector: (one: Buffer) => one.toString("hex"), maxLength: 8 };
const control = anyControl(key, account);
const batch: fc.Arbitrary<StreamBatch> = fc
  .record({
    seen: fc.bigInt({ min: 0n, max: SEEN_ALL }),
    reads: fc.uniqueArray(key, distinct),
    writes: fc.uniqueArray(fc.record({ key, value: fc.option(bytes(100), { nil: undefined }) }), {
      selector: (write) => write.key.toString("hex"),
      maxLength: 8,
    }),
    controls: fc.array(control, { maxLength: 5 }),
  })
  .filter(({ writes, controls }) => writes.length + controls.length > 0);

const sorted = ({ seen, reads, writes, controls }: StreamBatch): StreamBatch => ({
  seen,
  reads: reads.toSorted(Buffer.compare),
  writes: writes.toSorted((a, b) => Buffer.compare(a.key, b.key)),
  controls,
});
const put = (value: Uint8Array, name = "k"): StreamBatch => ({
  ...{ seen: SEEN_ALL, reads: [], controls: [] },
  writes: [{ key: Buffer.from(name), value }],
});

function attempt<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}

describe("kv: batch of a stream", () => {
  it("comes back as it was, its keys in order (property)", () => {
    fc.assert(
      fc.property(batch, (one) => {
        const encoded = encodeStreamBatch(one);
        expect(parseStreamBatch(encoded)).to.deep.equal(sorted(one));
        expect(encodeStreamBatch(parseStreamBatch(encoded)).equals(encoded)).to.equal(true);
      }),
    );
  });

  it("is refused when cut off anywhere, or longer", () => {
    const encoded = encodeStreamBatch({ ...put(Buffer.alloc(10)), reads: [Buffer.from("r")] });
    for (let end = 0; end < encoded.length; end++)
      expect(codeOf(() => parseStreamBatch(encoded.subarray(0, end)))).to.equal("kv/bad-batch");
    expect(codeOf(() => parseStreamBatch(Buffer.concat([encoded, Buffer.of(0)])))).to.equal("kv/bad-batch");
  });

  it("answers any bytes with a batch or a reason, and takes no second form of one", () => {
    fc.assert(
      fc.property(batch, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }), (one, flips) => {
        const changed = encodeStreamBatch(one);
        for (const [at, value] of flips) if (at < changed.length) changed[at] = value;
        const parsed = attempt(() => parseStreamBatch(changed));
        if (parsed instanceof Error) expect((parsed as { code?: string }).code).to.equal("kv/bad-batch");
        else expect(encodeStreamBatch(parsed).equals(changed)).to.equal(true);
      }),
    );
  });

  it("takes no key twice", () => {
    const twice = [
      { key: Buffer.from("k"), value: Buffer.of(1) },
      { key: Buffer.from("k"), value: undefined },
    ];
    expect(codeOf(() => encodeStreamBatch({ ...put(Buffer.of(1)), writes: twice }))).to.equal("kv/bad-batch");
    const reads = [Buffer.from("r"), Buffer.from("r")];
    expect(codeOf(() => encodeStreamBatch({ ...put(Buffer.of(1)), reads }))).to.equal("kv/bad-batch");
  });

  it("takes keys, values, lists and batches up to the limits and no further", () => {
    const refused = (one: StreamBatch) =>
      expect(codeOf(() => encodeStreamBatch(one))).to.equal("kv/bad-batch");
    encodeStreamBatch(put(Buffer.alloc(MAX_VALUE_BYTES), "k".repeat(MAX_KEY_BYTES)));
    refused(put(Buffer.alloc(MAX_VALUE_BYTES + 1)));
    refused(put(Buffer.of(1), "k".repeat(MAX_KEY_BYTES + 1)));
    refused(put(Buffer.of(1), ""));
    refused(put(Buffer.of(1), "k".repeat(16 * 1024 * 1024)));
    refused({ ...put(Buffer.of(1)), writes: [] });
    refused({ ...put(Buffer.of(1)), seen: SEEN_ALL + 1n });
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ key: Buffer.from(String(i)), value: undefined }));
    encodeStreamBatch({ ...put(Buffer.of(1)), writes: many(MAX_ITEMS) });
    refused({ ...put(Buffer.of(1)), writes: many(MAX_ITEMS + 1) });
    const large = Array.from({ length: 5 }, (_, i) => ({
      key: Buffer.of(i),
      value: Buffer.alloc(MAX_VALUE_BYTES),
    }));
    refused({ ...put(Buffer.of(1)), writes: large });
  });

  it("believes no count that its bytes don't bear out", () => {
    const encoded = encodeStreamBatch(put(Buffer.of(1)));
    encoded.writeUInt32BE(MAX_ITEMS, 14);
    expect(codeOf(() => parseStreamBatch(encoded))).to.equal("kv/bad-batch");
    expect(codeOf(() => parseStreamBatch(Buffer.alloc(MAX_BATCH_BYTES + 1)))).to.equal("kv/bad-batch");
  });
});
