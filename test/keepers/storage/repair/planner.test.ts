import { expect } from "chai";
import fc from "fast-check";
import { elementsOf, originalStrips, setOf, sizeOf } from "../../../../keepers/storage/format/placement.ts";
import { stripBytes } from "../../../../keepers/storage/format/stripFormat.ts";
import {
  marginOf,
  planRepair,
  planSegment,
  type RepairStep,
  type SegmentNeed,
} from "../../../../keepers/storage/repair/planner.ts";

const shape = { k: 128, n: 128, rowSize: 64 };
const needed = originalStrips(shape);
const ample = { bytes: Number.MAX_SAFE_INTEGER, segments: Number.MAX_SAFE_INTEGER };
const strips = fc.uniqueArray(fc.nat(255), { maxLength: 256, size: "max" }).map((list) => setOf(list));
const name = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));

/** Segments that ten members hold with more or less damage; some must be rebuilt, some are lost. */
const need: fc.Arbitrary<SegmentNeed> = fc
  .record({
    name,
    mine: fc.integer({ min: 1, max: 32 }),
    own: strips,
    holders: fc.array(strips, { maxLength: 9 }),
    share: strips,
  })
  .map(({ name, mine, own, holders, share }) => {
    const slots = setOf(Array.from({ length: mine }, (_, i) => i));
    const held = slots & own;
    return {
      name,
      shape,
      own: held,
      missing: slots & ~held,
      holders: new Map(
        holders.map((set, i) => [i + 1, set & (i % 2 === 0 ? share : ~0n & ((1n << 256n) - 1n))]),
      ),
    };
  });
const needs = fc.uniqueArray(need, { maxLength: 30, selector: (one) => one.name });

/** Strips that are there once a step's errands have been run. */
function fetchedBy(step: RepairStep): bigint {
  return step.errands.reduce((set, errand) => set | errand.strips, 0n);
}

function offeredTo({ holders }: SegmentNeed): bigint {
  return [...holders.values()].reduce((set, held) => set | held, 0n);
}

describe("repair planner", () => {
  it("takes what is nearest to loss first, and holds nothing back for what is cheaper", () => {
    fc.assert(
      fc.property(needs, fc.nat(64), fc.nat(4_000_000), (list, segments, bytes) => {
        const { steps } = planRepair(list, { segments, bytes });
        const all = planRepair(list, ample).steps;
        const margins = all.map(({ margin }) => margin);
        expect(margins).to.deep.equal([...margins].sort((a, b) => a - b));
        expect(steps.map((step) => step.need.name)).to.deep.equal(
          all.slice(0, steps.length).map((step) => step.need.name),
        );
      }),
    );
  });

  it("plans only what the errands and one decode really give, out of what is offered", () => {
    fc.assert(
      fc.property(needs, (list) => {
        for (const step of planRepair(list, ample).steps) {
          const { own, missing, holders } = step.need;
          const fetched = fetchedBy(step);
          for (const errand of step.errands) {
            expect(errand.strips & ~holders.get(errand.seat)!).to.equal(0n);
            expect(errand.strips & own).to.equal(0n);
          }
          const total = step.errands.reduce((sum, errand) => sum + sizeOf(errand.strips), 0);
          expect(total).to.equal(sizeOf(fetched), "a strip is asked of one member");
          if (step.rebuild !== 0n) expect(sizeOf(fetched | own)).to.be.at.least(needed);
          expect(((fetched & missing) | step.rebuild) !== 0n).to.equal(true);
          expect(step.rebuild & (fetched | own | ~missing)).to.equal(0n);
          expect(step.bytes).to.equal(total * stripBytes(shape));
        }
      }),
    );
  });

  it("gives every missing strip back where the segment can be rebuilt", () => {
    fc.assert(
      fc.property(needs, (list) => {
        for (const step of planRepair(list, ample).steps) {
          if (step.margin < 0) continue;
          expect((fetchedBy(step) & step.need.missing) | step.rebuild).to.equal(step.need.missing);
        }
      }),
    );
  });

  it("fetches no more than one decode takes, and no more than the copies where they are enough", () => {
    fc.assert(
      fc.property(need, (one) => {
        const step = planSegment(one);
        if (step === undefined) return;
        const copies = one.missing & offeredTo(one);
        const fetched = sizeOf(fetchedBy(step));
        if (step.rebuild === 0n) expect(fetchedBy(step)).to.equal(copies);
        else expect(fetched).to.equal(Math.max(0, needed - sizeOf(one.own)));
      }),
    );
  });

  it("calls hopeless exactly what can be neither copied nor rebuilt", () => {
    fc.assert(
      fc.property(needs, (list) => {
        const plan = planRepair(list, ample);
        const hopeless = list.filter(
          (one) => one.missing !== 0n && marginOf(one) < 0 && (one.missing & offeredTo(one)) === 0n,
        );
        expect(plan.hopeless).to.have.members(hopeless);
        expect(plan.steps.length + plan.hopeless.length).to.equal(
          list.filter((one) => one.missing !== 0n).length,
        );
      }),
    );
  });

  it("makes progress at any budget: planned over and over, everything repairable is repaired", () => {
    fc.assert(
      fc.property(needs, fc.nat(2_000_000), fc.nat(3), (list, bytes, segments) => {
        let open = list;
        const hopeless = new Set(planRepair(list, ample).hopeless.map((one) => one.name));
        for (let round = 0; round < 64 * list.length; round++) {
          const { steps, deferred } = planRepair(open, { bytes, segments });
          if (steps.length === 0) {
            expect(deferred).to.equal(0);
            break;
          }
          const done = new Map(
            steps.map((step) => [step.need.name, (fetchedBy(step) & step.need.missing) | step.rebuild]),
          );
          open = open.map((one) => {
            const got = done.get(one.name) ?? 0n;
            return { ...one, own: one.own | got, missing: one.missing & ~got };
          });
        }
        for (const one of open) {
          const reachable = hopeless.has(one.name) || marginOf(one) < 0;
          if (!reachable) expect(one.missing).to.equal(0n);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("spreads the errands of a flood over all who offer the same", () => {
    const everything = (1n << 256n) - 1n;
    const list = Array.from({ length: 20 }, (_, i) => ({
      name: i.toString(16).padStart(64, "0"),
      shape,
      own: 0n,
      missing: setOf([i, i + 1]),
      holders: new Map([1, 2, 3, 4].map((seat) => [seat, everything])),
    }));
    const loads = new Map<number, number>();
    for (const { errands } of planRepair(list, ample).steps)
      for (const { seat, strips } of errands)
        loads.set(seat, (loads.get(seat) ?? 0) + elementsOf(strips).length);
    expect([...loads.values()]).to.deep.equal([10, 10, 10, 10]);
  });
});
