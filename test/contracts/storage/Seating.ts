import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { seat, vacate } from "../../../keepers/storage/format/seating.ts";
import type { TypedContractMethod } from "../../../typechain-types/common.js";
import { ownersIn } from "./committees.ts";

const { ethers, networkHelpers } = await network.create();

type View<A extends unknown[]> = TypedContractMethod<A, [[bigint[], bigint]], "view">;
interface SlotTableProbe {
  seat: View<[table: bigint[], joiner: number, members: number, start: number]>;
  vacate: View<[table: bigint[], leaver: number, members: number]>;
}

const deploy = async () => (await ethers.deployContract("SlotTableProbe")) as unknown as SlotTableProbe;

const EMPTY = new Uint8Array(256);
/** A seat that enters when it is empty and leaves when it is taken, and where its walk starts. */
const step = fc.record({ who: fc.integer({ min: 1, max: 40 }), start: fc.integer({ min: 0, max: 255 }) });

describe("The twin of SlotTable", () => {
  it("makes the same table of the same history (COMMITTEES-10)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (history) => {
        const serving = new Set<number>();
        let table = new Array<bigint>(8).fill(0n);
        let owners: Uint8Array = EMPTY;
        for (const { who, start } of history) {
          const leaves = serving.delete(who);
          if (!leaves) serving.add(who);
          const twin = leaves
            ? vacate(owners, who, serving.size)
            : seat(owners, { joiner: who, members: serving.size, start });
          const [words, moved] = leaves
            ? await probe.vacate(table, who, serving.size)
            : await probe.seat(table, who, serving.size, start);
          expect(ownersIn(words)).to.deep.equal([...twin.owners]);
          expect(moved).to.equal(BigInt(twin.moved));
          table = [...words];
          owners = twin.owners;
        }
      }),
      { numRuns: 20 },
    );
  });
});
