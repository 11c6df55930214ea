import { expect } from "chai";
import fc from "fast-check";
import { FatalError } from "../../../../keepers/runtime/errors.ts";
import { MAX_MANIFEST_BYTES, MAX_SEGMENT_BYTES } from "../../../../keepers/storage/format/limits.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import {
  itemOf,
  MAX_PACK_ENTRIES,
  MAX_PACK_TABLE_BYTES,
  MAX_PACKED_OBJECT_BYTES,
  nameOfItem,
  PackBuilder,
  type PackItem,
  packTableBytes,
  parsePack,
  parsePackTable,
} from "../../../../keepers/storage/format/pack.ts";
import { codeOf } from "../codes.ts";

const itemArbitrary: fc.Arbitrary<PackItem> = fc.record({
  kind: fc.constantFrom("object" as const, "manifest" as const),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
});
const itemsArbitrary = fc.array(itemArbitrary, { minLength: 1, maxLength: 20 });

function packOf(items: readonly PackItem[]) {
  const builder = new PackBuilder();
  for (const item of items) expect(builder.add(item)).to.deep.equal(nameOfItem(item));
  return builder.build();
}

const object = (length: number, fill = 0): PackItem => ({
  kind: "object",
  bytes: new Uint8Array(length).fill(fill),
});
const numbered = (number: number): PackItem => ({
  kind: "object",
  bytes: Uint8Array.of(number >> 8, number & 0xff),
});

describe("storage: pack", () => {
  it("reads back what it took in, each content once, whatever the order", () => {
    fc.assert(
      fc.property(itemsArbitrary, (items) => {
        const pack = packOf(items);
        const names = new Set(items.map((item) => nameOf(nameOfItem(item))));
        expect(pack.entries).to.have.length(names.size);
        expect(parsePack(pack.bytes).entries.map((entry) => itemOf(pack.bytes, entry).kind)).to.deep.equal(
          pack.entries.map(({ kind }) => kind),
        );
        for (const item of items) {
          const entry = pack.entries.find(({ name }) => Buffer.compare(name, nameOfItem(item)) === 0)!;
          expect(Buffer.compare(itemOf(pack.bytes, entry).bytes, item.bytes)).to.equal(0);
        }
        expect(packOf([...items].reverse()).bytes).to.deep.equal(pack.bytes);
      }),
    );
  });

  it("takes no byte that was changed, and no byte more or less", () => {
    fc.assert(
      fc.property(itemsArbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }), (items, position, change) => {
        const { bytes } = packOf(items);
        const changed = Uint8Array.from(bytes);
        changed[position % bytes.length]! ^= change;
        expect(codeOf(() => parsePack(changed))).to.equal("storage/bad-pack");
        expect(codeOf(() => parsePack(bytes.subarray(0, -1)))).to.equal("storage/bad-pack");
        expect(codeOf(() => parsePack(Buffer.concat([bytes, Buffer.of(0)])))).to.equal("storage/bad-pack");
      }),
    );
  });

  it("answers any bytes with a table or a reason", () => {
    const start = Buffer.from("4d59504b0001", "hex");
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 200 }), fc.nat(300), (headed, tail, size) => {
        const input = headed ? Buffer.concat([start, tail]) : tail;
        try {
          parsePackTable(input, size);
        } catch (error) {
          expect(error).to.be.instanceOf(FatalError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("reads the table alone, and refuses one that overlaps, leaves gaps, repeats or passes the pack", () => {
    const { bytes, entries } = packOf([object(10, 1), object(20, 2), object(30, 3)]);
    const table = Uint8Array.from(bytes.subarray(0, packTableBytes(3)));
    expect(parsePackTable(table, bytes.length)).to.deep.equal(entries);
    expect(codeOf(() => parsePackTable(table.subarray(0, -1), bytes.length))).to.equal("storage/bad-pack");
    for (const size of [0, bytes.length - 1, bytes.length + 1, MAX_SEGMENT_BYTES + 1])
      expect(
        codeOf(() => parsePackTable(table, size)),
        String(size),
      ).to.equal("storage/bad-pack");
    for (const [what, at] of Object.entries({ kind: 8 + 32, offset: 8 + 36, length: 8 + 40 })) {
      const twisted = Uint8Array.from(table);
      twisted[at]! += 2;
      expect(
        codeOf(() => parsePackTable(twisted, bytes.length)),
        what,
      ).to.equal("storage/bad-pack");
    }
    const repeated = Uint8Array.from(table);
    repeated.copyWithin(8 + 41, 8, 8 + 32);
    expect(codeOf(() => parsePackTable(repeated, bytes.length))).to.equal("storage/bad-pack");
  });

  it("packs up to the limits and no further", () => {
    const builder = new PackBuilder();
    expect(codeOf(() => builder.add(object(0)))).to.equal("storage/empty-object");
    expect(codeOf(() => builder.add(object(MAX_PACKED_OBJECT_BYTES + 1)))).to.equal(
      "storage/object-too-large",
    );
    const manifest = { kind: "manifest", bytes: new Uint8Array(MAX_MANIFEST_BYTES + 1) } as const;
    expect(codeOf(() => builder.add(manifest))).to.equal("storage/object-too-large");
    expect(codeOf(() => builder.build())).to.equal("storage/bad-pack");
    for (let fill = 0; fill < 15; fill++)
      expect(builder.add(object(MAX_PACKED_OBJECT_BYTES, fill))).to.have.length(32);
    expect(builder.add(object(MAX_PACKED_OBJECT_BYTES, 15))).to.equal(undefined);
    const room = MAX_SEGMENT_BYTES - builder.size - 41;
    expect(builder.add(object(room + 1, 15))).to.equal(undefined);
    expect(builder.add(object(room, 15))).to.have.length(32);
    expect(builder.size).to.equal(MAX_SEGMENT_BYTES);
    expect(parsePack(builder.build().bytes).entries).to.have.length(16);
  });

  it("holds so many entries and no more", () => {
    const builder = new PackBuilder();
    for (let number = 0; number < MAX_PACK_ENTRIES; number++) builder.add(numbered(number));
    expect(builder.add(numbered(MAX_PACK_ENTRIES))).to.equal(undefined);
    expect(builder.add(numbered(0))).to.have.length(32);
    expect(builder.count).to.equal(MAX_PACK_ENTRIES);
    const { bytes } = builder.build();
    expect(bytes.length).to.equal(MAX_PACK_TABLE_BYTES + 2 * MAX_PACK_ENTRIES);
    expect(parsePack(bytes).entries).to.have.length(MAX_PACK_ENTRIES);
  });
});
