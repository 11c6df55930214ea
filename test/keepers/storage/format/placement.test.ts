import { expect } from "chai";
import fc from "fast-check";
import {
  decodeOwners,
  elementsOf,
  originalStrips,
  reaches,
  rowsPerStrip,
  type StorageState,
  setOf,
  sizeOf,
  slotOfRow,
  slotOfStrip,
  slotsOf,
  stateOf,
  stripOfSlot,
} from "../../../../keepers/storage/format/placement.ts";

const commitmentWith = (offset: number) => Uint8Array.of(offset, ...new Uint8Array(31));

describe("storage: placement", () => {
  it("puts every row of every shape where the formula says, and strips are what share a slot", () => {
    for (const [k, n] of [
      [128, 128],
      [128, 384],
      [1024, 1024],
      [4096, 4096],
    ] as const) {
      const shape = { k, n, rowSize: 64 };
      const perStrip = rowsPerStrip(shape);
      for (const offset of [0, 1, 127, 255]) {
        const commitment = commitmentWith(offset);
        const counts = new Array<number>(256).fill(0);
        for (let row = 0; row < k + n; row++) {
          const slot = slotOfRow(row, shape, commitment);
          const formula = (BigInt(256 * row) / BigInt(k + n) + BigInt(offset)) % 256n;
          expect(slot).to.equal(Number(formula));
          expect(stripOfSlot(slot, commitment)).to.equal(Math.floor(row / perStrip));
          counts[slot]!++;
        }
        expect(new Set(counts)).to.deep.equal(new Set([perStrip]));
      }
      expect(originalStrips(shape) * perStrip).to.equal(k);
    }
  });

  it("maps strips to slots one to one, for every first byte", () => {
    for (let offset = 0; offset < 256; offset++) {
      const commitment = commitmentWith(offset);
      const slots = new Set<number>();
      for (let strip = 0; strip < 256; strip++) {
        const slot = slotOfStrip(strip, commitment);
        expect(stripOfSlot(slot, commitment)).to.equal(strip);
        slots.add(slot);
      }
      expect(slots.size).to.equal(256);
    }
  });

  it("reads owners as the committee packs them: slot s is byte s mod 32 of word s / 32, lowest first", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (owners) => {
        const words = Array.from({ length: 8 }, (_, word) =>
          BigInt(
            `0x${Buffer.from(owners.slice(32 * word, 32 * word + 32))
              .reverse()
              .toString("hex")}`,
          ),
        );
        expect(decodeOwners(words)).to.deep.equal(Uint8Array.from(owners));
      }),
    );
  });

  it("splits all owned slots among the members, and gives nobody's slots to nobody", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256, max: 12 }), (owners) => {
        let all = 0n;
        for (let member = 1; member <= 255; member++) {
          const own = slotsOf(owners, member);
          expect(all & own).to.equal(0n);
          for (const slot of elementsOf(own)) expect(owners[slot]).to.equal(member);
          all |= own;
        }
        expect(sizeOf(all)).to.equal(owners.filter((owner) => owner !== 0).length);
        expect(slotsOf(owners, 0)).to.equal(0n);
      }),
    );
  });

  it("keeps sets as sets", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 255 })), (numbers) => {
        const set = setOf(numbers);
        expect(elementsOf(set)).to.deep.equal([...numbers].sort((a, b) => a - b));
        expect(sizeOf(set)).to.equal(numbers.length);
      }),
    );
  });

  it("calls a state by its share of 256 slots, for every count", () => {
    for (let covered = 0; covered <= 256; covered++) {
      const share = covered / 256;
      const expected: StorageState =
        share >= 0.9 ? "full" : share >= 0.7 ? "final" : covered > 0 ? "accepted" : "none";
      expect(stateOf(covered), String(covered)).to.equal(expected);
    }
    expect([179, 180, 230, 231].map(stateOf)).to.deep.equal(["accepted", "final", "final", "full"]);
  });

  it("orders states by strength", () => {
    expect(reaches("final", "final")).to.equal(true);
    expect(reaches("full", "final")).to.equal(true);
    expect(reaches("accepted", "final")).to.equal(false);
    expect(reaches("none", "accepted")).to.equal(false);
  });
});
