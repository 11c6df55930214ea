import { expect } from "chai";
import { concat, getAddress, hexlify, keccak256, toBeHex } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import {
  type AuditedUnits,
  DRAWS,
  drawnPair,
  nodeSeed,
  rowOfSample,
  SAMPLES,
  sampleAt,
  samplesOf,
  sampleValue,
} from "../../../keepers/storage/audits/samples.ts";
import { elementsOf, sizeOf } from "../../../keepers/storage/format/placement.ts";
import type { TypedContractMethod } from "../../../typechain-types/common.js";

type View<A extends unknown[], R> = TypedContractMethod<A, [R], "view">;
interface Probe {
  nodeSeed: View<[seedA: string, committee: number, seat: number, operator: string], string>;
  samples: View<
    [seed: Uint8Array, numbers: number[], liable: bigint, units: bigint],
    { slot: bigint; unit: bigint }[]
  >;
  unitsDrawn: View<[seed: Uint8Array, number: number, liable: bigint, units: bigint], bigint[]>;
  pair: View<[seed: Uint8Array, seedB: string], bigint>;
  sampleValue: View<[seed: Uint8Array, number: number, row: Uint8Array], string>;
  rowAt: View<[slot: number, offset: number, inStrip: number, perStrip: number], bigint>;
}

const { ethers, networkHelpers } = await network.create();
const deploy = async () => (await ethers.deployContract("SampleDrawProbe")) as unknown as Probe;

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => getAddress(hexlify(bytes)));
const slotSet = fc.oneof(
  fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }),
  fc
    .uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 8 })
    .map((slots) => slots.reduce((set, slot) => set | (1n << BigInt(slot)), 0n)),
);
const live = (count: bigint): AuditedUnits => ({ count, isExpired: () => false });
const units = fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 1n, max: 4n }));

describe("SampleDraw and its twin", () => {
  it("draw the same samples for any node, mask and number of units (SAMPLE-6)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const seat = fc.record({
      committee: fc.integer({ min: 0, max: 65_535 }),
      seat: fc.integer({ min: 1, max: 255 }),
      operator: address,
    });
    const case_ = fc.record({ seedA: hash, seat, liable: slotSet, total: units });
    const property = fc.asyncProperty(case_, async ({ seedA, seat, liable, total }) => {
      const seed = nodeSeed(seedA, seat);
      expect(hexlify(seed)).to.equal(await probe.nodeSeed(seedA, seat.committee, seat.seat, seat.operator));
      const mine = samplesOf(seed, liable, live(total));
      expect(mine.map(({ number }) => number)).to.deep.equal([...Array(SAMPLES).keys()]);
      const numbers = [0, 1, 511, 1_022, SAMPLES - 1, ...mine.slice(100, 108).map(({ number }) => number)];
      const theirs = await probe.samples(seed, numbers, liable, total);
      for (const [i, number] of numbers.entries()) {
        expect([mine[number]!.slot, mine[number]!.unit]).to.deep.equal([
          Number(theirs[i]!.slot),
          theirs[i]!.unit,
        ]);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("pass over the same units of expired batches, fifteen at most (SAMPLE-10)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const share = fc.integer({ min: 0, max: 100 });
    const property = fc.asyncProperty(hash, slotSet, units, share, async (nodes, liable, count, percent) => {
      const seed = ethers.getBytes(nodes);
      const isExpired = (unit: bigint) => unit % 100n < BigInt(percent);
      for (const number of [0, SAMPLES - 1]) {
        const { unit, passed } = sampleAt(seed, number, elementsOf(liable), { count, isExpired });
        const drawn = await probe.unitsDrawn(seed, number, liable, count);
        expect([...passed, unit]).to.deep.equal(drawn.slice(0, passed.length + 1));
        const first = drawn.findIndex((one) => !isExpired(one));
        expect(passed.length).to.equal(first === -1 ? DRAWS - 1 : first);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("draw the same two of them, neighbours (SAMPLE-7)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const property = fc.asyncProperty(hash, hash, async (nodes, seedB) => {
      const seed = ethers.getBytes(nodes);
      expect(drawnPair(seed, seedB)).to.equal(Number(await probe.pair(seed, seedB)));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("have the same values and rows (SAMPLE-8)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const row = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.alloc(2_048, bytes));
    const place = fc.record({
      slot: fc.integer({ min: 0, max: 255 }),
      offset: fc.integer({ min: 0, max: 255 }),
      log: fc.integer({ min: 0, max: 8 }),
      rowUnits: fc.integer({ min: 1, max: 32 }),
      pick: fc.nat(),
    });
    const property = fc.asyncProperty(hash, row, place, async (nodes, bytes, where) => {
      const seed = ethers.getBytes(nodes);
      const number = where.pick % SAMPLES;
      const size = 64 * where.rowUnits;
      const value = hexlify(sampleValue(seed, number, bytes.subarray(0, size)));
      expect(value).to.equal(await probe.sampleValue(seed, number, bytes.subarray(0, size)));
      expect(value).to.equal(keccak256(concat([seed, toBeHex(number, 32), bytes.subarray(0, size)])));
      const rowsPerStrip = 2 ** where.log;
      const unitInSegment = BigInt(where.pick % (rowsPerStrip * where.rowUnits));
      const inStrip = Number(unitInSegment / BigInt(where.rowUnits));
      expect(rowOfSample(where.slot, where.offset, { unitInSegment, rowSize: size, rowsPerStrip })).to.equal(
        Number(await probe.rowAt(where.slot, where.offset, inStrip, rowsPerStrip)),
      );
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it("spread samples over slots and units evenly (SAMPLE-9)", () => {
    const liable = 0xff00ff00ff00ff00n;
    const perSlot = new Map<number, number>();
    let lowerHalf = 0;
    for (let epoch = 0; epoch < 20; epoch++) {
      const seed = nodeSeed(toBeHex(epoch + 1, 32), {
        committee: 3,
        seat: 7,
        operator: `0x${"11".repeat(20)}`,
      });
      for (const { slot, unit } of samplesOf(seed, liable, live(1_000n))) {
        perSlot.set(slot, (perSlot.get(slot) ?? 0) + 1);
        if (unit < 500n) lowerHalf++;
      }
    }
    expect(perSlot.size).to.equal(sizeOf(liable));
    // 20,480 samples over 32 slots: 640 each, deviation 25; half of them in the lower half of units, deviation 72.
    for (const count of perSlot.values()) expect(count).to.be.within(640 - 150, 640 + 150);
    expect(lowerHalf).to.be.within(10_240 - 430, 10_240 + 430);
  });
});
