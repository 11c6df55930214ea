import { expect } from "chai";
import fc from "fast-check";
import { seat, shareOf, vacate } from "../../../../keepers/storage/format/seating.ts";

const SLOTS = 256;
/** Bytes that each slot holds of what a committee stores. */
const SLOT_BYTES = 64 * 1024;

const step = fc.record({ who: fc.integer({ min: 1, max: 60 }), start: fc.integer({ min: 0, max: 255 }) });
const histories = fc.array(step, { minLength: 30, maxLength: 200 });

const slotsOf = (owners: Uint8Array, member: number) =>
  owners.reduce((count, owner) => count + (owner === member ? 1 : 0), 0);

/** Bytes that somebody has to fetch because the table changed. */
const fetched = (before: Uint8Array, after: Uint8Array) =>
  after.reduce((sum, owner, slot) => sum + (owner !== 0 && owner !== before[slot] ? SLOT_BYTES : 0), 0);

describe("seating", () => {
  it("moves at most 1.2 bytes for each byte of changed membership", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const serving = new Set<number>();
        let owners: Uint8Array = new Uint8Array(SLOTS);
        let [moved, changed] = [0, 0];
        for (const { who, start } of history) {
          const leaves = serving.delete(who);
          if (!leaves) serving.add(who);
          const next = leaves
            ? vacate(owners, who, serving.size).owners
            : seat(owners, { joiner: who, members: serving.size, start }).owners;
          // A full member's weight at the committee's size: what perfect placement would have to move.
          changed += SLOT_BYTES * (leaves ? slotsOf(owners, who) : shareOf(serving.size));
          moved += fetched(owners, next);
          owners = next;
        }
        expect(moved / changed).to.be.at.most(1.2);
      }),
    );
  });

  it("hands out 256 slots evenly among eight members and more, wherever walks start", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 8, maxLength: 100 }), (starts) => {
        const owners = starts.reduce<Uint8Array>(
          (table, start, i) => seat(table, { joiner: i + 1, members: i + 1, start }).owners,
          new Uint8Array(SLOTS),
        );
        const share = shareOf(starts.length);
        for (let member = 1; member <= starts.length; member++) {
          expect(slotsOf(owners, member)).to.be.within(share, Math.min(32, share + 1));
        }
      }),
    );
  });
});
