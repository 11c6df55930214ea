import { expect } from "chai";
import { seededRandom } from "../../../../bench/random.ts";
import { slotOfRow, slotOfStrip, slotsOf } from "../../../../keepers/storage/format/placement.ts";
import { seat } from "../../../../keepers/storage/format/seating.ts";

const MEMBERS = 10;
const shapes = [
  { k: 128, n: 128, rowSize: 64 },
  { k: 4096, n: 4096, rowSize: 1024 },
];

/** The table after ten members have entered, each on a walk from where a seed says. */
function tableOf(seed: bigint): Uint8Array {
  const random = seededRandom(seed);
  let owners: Uint8Array = new Uint8Array(256);
  for (let joiner = 1; joiner <= MEMBERS; joiner++)
    ({ owners } = seat(owners, { joiner, members: joiner, start: Math.floor(random() * 256) }));
  return owners;
}

/** All sets of four out of the ten members. */
function* fours(): Generator<Set<number>> {
  for (let set = 0; set < 1 << MEMBERS; set++) {
    const members = Array.from({ length: MEMBERS }, (_, i) => i + 1).filter(
      (member) => (set >> (member - 1)) & 1,
    );
    if (members.length === 4) yield new Set(members);
  }
}

describe("storage: four dead of ten", () => {
  it("leave rows enough to rebuild, whichever four and at every offset, in tables as they come about", () => {
    const deaths = [...fours()];
    expect(deaths).to.have.length(210);
    const slots = Array.from({ length: 256 }, (_, offset) =>
      Uint8Array.from({ length: 256 }, (_, strip) => slotOfStrip(strip, Uint8Array.of(offset))),
    );
    for (const seed of [0n, 1n]) {
      const owners = tableOf(seed);
      expect(slotsOf(owners, 0)).to.equal(0n);
      for (const dead of deaths) {
        const alive = Uint8Array.from(owners, (owner) => (dead.has(owner) ? 0 : 1));
        for (const [offset, slotOf] of slots.entries()) {
          let strips = 0;
          for (const slot of slotOf) strips += alive[slot]!;
          if (strips < 128) expect.fail(`${[...dead]} dead, offset ${offset}: ${strips} strips`);
        }
      }
    }
  });

  for (const shape of shapes)
    it(`leave K of ${shape.k + shape.n} rows, counted row by row`, () => {
      const owners = tableOf(3n);
      for (const dead of fours())
        for (const offset of [0, 1, 128, 255]) {
          const commitment = Uint8Array.of(offset);
          let rows = 0;
          for (let row = 0; row < shape.k + shape.n; row += shape.k / 128)
            if (!dead.has(owners[slotOfRow(row, shape, commitment)]!)) rows += shape.k / 128;
          if (rows < shape.k) expect.fail(`${[...dead]} dead, offset ${offset}: ${rows} of ${shape.k}`);
        }
    });

  it("is the most that is promised: with five dead some tables don't suffice", () => {
    const owners = tableOf(0n);
    const held = Array.from({ length: MEMBERS }, (_, i) => owners.filter((owner) => owner === i + 1).length);
    const five = [...held]
      .sort((a, b) => b - a)
      .slice(0, 5)
      .reduce((sum, count) => sum + count);
    expect(256 - five).to.be.lessThan(128);
  });
});
