import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { SegmentList } from "../../../../keepers/storage/client/segmentList.ts";
import { SLOTS } from "../../../../keepers/storage/format/limits.ts";
import { sizeOf } from "../../../../keepers/storage/format/placement.ts";

const commitmentOf = (number: number) =>
  Uint8Array.from(createHash("sha256").update(String(number)).digest());

describe("storage: list of stored segments", () => {
  it("gives back what was added, in order, and the slots of the weakest", () => {
    const shape = fc.record({
      k: fc.constantFrom(128, 4096),
      n: fc.constantFrom(128, 4096),
      rowSize: fc.constantFrom(64, 1024),
    });
    const segment = fc.record({
      commitment: fc.nat(50).map(commitmentOf),
      shape,
      slots: fc.bigInt(0n, 2n ** 256n - 1n),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), fc.nat(2_100), (some, many) => {
        const list = new SegmentList();
        const added = [...some, ...Array.from({ length: some.length > 0 ? many : 0 }, () => some[0]!)];
        for (const one of added) list.add(one);
        expect(list.length).to.equal(added.length);
        expect(list.slotsCovered).to.equal(Math.min(SLOTS, ...some.map(({ slots }) => sizeOf(slots))));
        const kept = [...list];
        expect(kept.slice(0, 60)).to.deep.equal(
          added.slice(0, 60).map(({ commitment, shape }) => ({ commitment, shape })),
        );
        expect(kept.at(-1)?.commitment).to.deep.equal(added.at(-1)?.commitment);
      }),
      { numRuns: 60 },
    );
  });

  it("hands out copies: who changes one changes nothing in the list", () => {
    const list = new SegmentList();
    list.add({ commitment: commitmentOf(1), shape: { k: 128, n: 128, rowSize: 64 }, slots: 1n });
    for (const { commitment } of list) commitment.fill(0);
    expect([...list][0]!.commitment).to.deep.equal(commitmentOf(1));
  });
});
