import { expect } from "chai";
import { hexlify } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { ASKED_ROWS, rowsAsked } from "../../../keepers/storage/cases/rowsAsked.ts";
import { setOf } from "../../../keepers/storage/format/placement.ts";
import type { TypedContractMethod } from "../../../typechain-types/common.js";

type View<A extends unknown[], R> = TypedContractMethod<A, [R], "view">;
interface Probe {
  draw: View<[seed: string, mask: bigint], bigint>;
  rowOf: View<[seed: string, slots: bigint, number: number, offset: number, perStrip: number], bigint>;
}

const { ethers, networkHelpers } = await network.create();
const deploy = async () => (await ethers.deployContract("CaseDrawProbe")) as unknown as Probe;

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));
const mask = fc
  .uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: ASKED_ROWS, maxLength: 256 })
  .map((slots) => setOf(slots));
const segment = fc.record({
  offset: fc.integer({ min: 0, max: 255 }),
  rowsPerStrip: fc.integer({ min: 0, max: 8 }).map((log) => 2 ** log),
});

describe("CaseDraw and its twin", () => {
  it("ask for the same rows, of 32 slots of the mask, none of them twice (CASE-1)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const property = fc.asyncProperty(hash, mask, segment, async (seed, from, about) => {
      const asked = rowsAsked(seed, from, about);
      const slots = await probe.draw(seed, from);
      const theirs = Array.from({ length: ASKED_ROWS }, (_, i) => Number((slots >> BigInt(8 * i)) & 0xffn));
      expect(asked.map(({ slot }) => slot)).to.deep.equal(theirs);
      expect(new Set(theirs).size).to.equal(ASKED_ROWS);
      expect(setOf(theirs) & ~from).to.equal(0n);
      for (const number of [0, 17, ASKED_ROWS - 1]) {
        const row = await probe.rowOf(seed, slots, number, about.offset, about.rowsPerStrip);
        expect(asked[number]!.row).to.equal(Number(row));
      }
    });
    await fc.assert(property, { numRuns: 150 });
  });
});
