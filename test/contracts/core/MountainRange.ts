import { expect } from "chai";
import { type BytesLike, concat, hexlify, keccak256, randomBytes, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";
import type { TypedContractMethod } from "../../../typechain-types/common.js";
import { gasSnapshot } from "../gasSnapshot.ts";
import { auditPath, treeHash } from "./mountainRangeTwin.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "MountainRange");

type View<A extends unknown[], R> = TypedContractMethod<A, [R], "view">;
interface Probe {
  append: TypedContractMethod<[data: BytesLike], [bigint], "nonpayable">;
  appendMany: TypedContractMethod<[data: BytesLike[]], [undefined], "nonpayable">;
  count: View<[], bigint>;
  root: View<[], string>;
  verify: View<
    [data: string, index: bigint | number, count: bigint | number, root: string, proof: string[]],
    boolean
  >;
  hashNode: View<[left: string, right: string], string>;
}

const entriesOf = (count: number) => Array.from({ length: count }, (_, i) => keccak256(toBeHex(i, 32)));
const deploy = async () => (await ethers.deployContract("MountainRangeProbe")) as unknown as Probe;

describe("MountainRange", () => {
  it("has the RFC 6962 root after every append (RANGE-1)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const entries = entriesOf(40);
    expect(await probe.root()).to.equal(ZeroHash);
    for (const [index, entry] of entries.entries()) {
      expect(await probe.append.staticCall(entry)).to.equal(index);
      await probe.append(entry);
      expect(await probe.count()).to.equal(index + 1);
      expect(await probe.root(), `after ${index + 1}`).to.equal(treeHash(entries.slice(0, index + 1)));
    }
  });

  it("proves every entry of every short list (RANGE-2)", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    for (let count = 1; count <= 17; count++) {
      const entries = entriesOf(count);
      const root = treeHash(entries);
      const answers = entries.map((entry, i) => probe.verify(entry, i, count, root, auditPath(entries, i)));
      expect(await Promise.all(answers), `count ${count}`).to.not.include(false);
    }
  });

  it("proves entries of a long, ragged list", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    const entries = entriesOf(1_111);
    for (let from = 0; from < entries.length; from += 200)
      await probe.appendMany(entries.slice(from, from + 200));
    const root = treeHash(entries);
    expect(await probe.root()).to.equal(root);
    for (const index of [0, 1, 1_023, 1_024, 1_087, 1_088, 1_109, 1_110]) {
      expect(
        await probe.verify(entries[index]!, index, entries.length, root, auditPath(entries, index)),
      ).to.equal(true);
    }
  });

  it("keeps the gas of an append flat", async () => {
    const probe = await networkHelpers.loadFixture(deploy);
    await probe.appendMany(entriesOf(254));
    await gas.record("append over 7 peaks", probe.append(hexlify(randomBytes(32))));
    await gas.record("append into a first peak", probe.append(hexlify(randomBytes(32))));
  });

  describe("refuses", () => {
    const count = 11;
    const entries = entriesOf(count);
    const root = treeHash(entries);

    it("another index, root or entry (RANGE-3)", async () => {
      const probe = await networkHelpers.loadFixture(deploy);
      for (let index = 0; index < count; index++) {
        const proof = auditPath(entries, index);
        for (let other = 0; other < count + 2; other++) {
          if (other === index) continue;
          expect(
            await probe.verify(entries[index]!, other, count, root, proof),
            `${index} as ${other}`,
          ).to.equal(false);
        }
        expect(await probe.verify(entries[index]!, index, count, keccak256(root), proof)).to.equal(false);
        expect(await probe.verify(keccak256(entries[index]!), index, count, root, proof)).to.equal(false);
      }
    });

    it("an index at or past the count, and an empty list (RANGE-4)", async () => {
      const probe = await networkHelpers.loadFixture(deploy);
      const single = treeHash(entries.slice(0, 1));
      expect(await probe.verify(entries[0]!, 0, 1, single, [])).to.equal(true);
      expect(await probe.verify(entries[0]!, 1, 1, single, [])).to.equal(false);
      expect(await probe.verify(entries[0]!, 0, 0, single, [])).to.equal(false);
      expect(await probe.verify(entries[0]!, 0, 0, ZeroHash, [])).to.equal(false);
      expect(await probe.verify(entries[0]!, 2n ** 256n - 1n, 2n ** 256n - 1n, single, [])).to.equal(false);
    });

    it("a path that is cut, stretched or bent (RANGE-5)", async () => {
      const probe = await networkHelpers.loadFixture(deploy);
      for (let index = 0; index < count; index++) {
        const proof = auditPath(entries, index);
        const forged = [
          proof.slice(1),
          proof.slice(0, -1),
          [...proof, ZeroHash],
          [...proof, root],
          [hexlify(randomBytes(32)), ...proof],
          proof.length > 1 ? [...proof].reverse() : [ZeroHash],
          ...proof.map((_, i) => proof.with(i, keccak256(proof[i]!))),
        ];
        for (const path of forged) {
          expect(await probe.verify(entries[index]!, index, count, root, path), `${index}`).to.equal(false);
        }
      }
    });

    it("a node shown as an entry (RANGE-6)", async () => {
      const probe = await networkHelpers.loadFixture(deploy);
      const pair = entries.slice(0, 2);
      const leaves = pair.map((entry) => keccak256(concat(["0x00", entry])));
      const node = await probe.hashNode(leaves[0]!, leaves[1]!);
      expect(node).to.equal(treeHash(pair));
      // The list of two read as a list of one, whose only entry would be the inner node or its preimage's halves.
      for (const entry of [node, ...leaves])
        expect(await probe.verify(entry, 0, 1, node, [])).to.equal(false);
      expect(await probe.verify(leaves[0]!, 0, 2, node, [leaves[1]!])).to.equal(false);
    });
  });
});
