import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { hexlify, TypedDataEncoder } from "ethers";
import { network } from "hardhat";
import { committeeOf } from "../../../keepers/storage/chain/rendezvous.ts";
import { slotsOf } from "../../../keepers/storage/format/placement.ts";
import {
  bondUp,
  deployCommittees,
  EPOCH,
  enterAs,
  fulfil,
  nextEpoch,
  ownersIn,
  request,
} from "./committees.ts";

const { ethers, networkHelpers } = await network.create();

/** A committee of `count` members, in the order of the accounts. */
async function seated(count: number) {
  const fixture = await deployCommittees(ethers);
  const people = (await ethers.getSigners()).slice(5);
  await nextEpoch(networkHelpers);
  for (let i = 0; i < count; i++) await enterAs(fixture, networkHelpers, people[i]!, i + 1);
  return { ...fixture, people };
}

const epochNow = async () => BigInt(await networkHelpers.time.latest()) / EPOCH;

const eight = () => seated(8);
const ten = () => seated(10);

const maskOf = (words: readonly bigint[], seat: number) => slotsOf(Uint8Array.from(ownersIn(words)), seat);

describe("Tables of Committees", () => {
  it("let slots move up to the churn of an epoch, and not one beyond (COMMITTEES-11)", async () => {
    const fixture = await networkHelpers.loadFixture(ten);
    const { committees, people } = fixture;
    // 28 for the ninth and 25 for the tenth of 64; the eleventh needs 23.
    expect(await committees.movesLeft(0)).to.equal(11n);
    await bondUp(fixture, people[10]!);
    await request(fixture, people[10]!, 11);
    await fulfil(fixture, networkHelpers, people[10]!);
    const next = (await epochNow()) + 1n;
    const eleventh = committees.connect(people[11]!).enter(people[10]!.address);
    await expect(eleventh)
      .to.be.revertedWithCustomError(committees, "Committees_ChurnExceeded")
      .withArgs(0n, 23n, 11n, next);
    await expect(committees.connect(people[2]!).resign()).to.be.revertedWithCustomError(
      committees,
      "Committees_ChurnExceeded",
    );
    await nextEpoch(networkHelpers);
    expect(await committees.movesLeft(0)).to.equal(64n);
    await committees.enter(people[10]!.address);
    expect(await committees.movesLeft(0)).to.equal(41n);
  });

  it("let the last move through that just fits (COMMITTEES-11)", async () => {
    const fixture = await networkHelpers.loadFixture(eight);
    const { committees, people } = fixture;
    // Two of 32 slots each are the whole of 64.
    await committees.connect(people[0]!).resign();
    expect(await committees.movesLeft(0)).to.equal(32n);
    await committees.connect(people[1]!).resign();
    expect(await committees.movesLeft(0)).to.equal(0n);
    await expect(committees.connect(people[2]!).resign()).to.be.revertedWithCustomError(
      committees,
      "Committees_ChurnExceeded",
    );
    // Nobody's slots are free to take.
    await enterAs(fixture, networkHelpers, people[8]!, 9);
    expect(await committees.movesLeft(0)).to.equal(0n);
  });

  it("hold no removal up, and count it (COMMITTEES-11, COMMITTEES-13)", async () => {
    const { committees, bonds, module, people } = await networkHelpers.loadFixture(ten);
    const thief = people[3]!;
    await expect(committees.evict(thief.address)).to.be.revertedWithCustomError(
      committees,
      "Committees_SufficientBond",
    );
    await bonds.connect(thief).unbond(module.address, 1n);
    await expect(committees.evict(thief.address))
      .to.emit(committees, "MemberLeft")
      .withArgs(0n, 4n, thief.address);
    expect(await committees.movesLeft(0)).to.equal(0n);
    expect(maskOf(await committees.owners(0), 4)).to.equal(0n);
    await expect(committees.evict(thief.address)).to.be.revertedWithCustomError(
      committees,
      "Committees_NotMember",
    );
  });

  it("answer for an epoch as they were when the one before began (COMMITTEES-12)", async () => {
    const fixture = await networkHelpers.loadFixture(eight);
    const { committees, people } = fixture;
    const e = await nextEpoch(networkHelpers);
    const before = [...(await committees.owners(0))];
    await committees.connect(people[0]!).resign();
    const after = [...(await committees.owners(0))];
    expect(await committees.ownersAt(0, e)).to.deep.equal(before);
    // Who left answers in this epoch and the next.
    expect(await committees.liableSlots(0, 1, e + 1n)).to.equal(maskOf(before, 1));
    await expect(committees.ownersAt(0, e + 1n))
      .to.be.revertedWithCustomError(committees, "Committees_EpochAhead")
      .withArgs(e + 1n, e);
    await expect(committees.liableSlots(0, 1, e + 2n)).to.be.revertedWithCustomError(
      committees,
      "Committees_EpochAhead",
    );
    await nextEpoch(networkHelpers);
    expect(await epochNow()).to.equal(e + 1n);
    expect(await committees.ownersAt(0, e + 1n)).to.deep.equal(after);
    expect(await committees.ownersAt(0, e)).to.deep.equal(before);
    expect(await committees.liableSlots(0, 1, e + 1n)).to.equal(maskOf(before, 1));
    expect(await committees.liableSlots(0, 1, e + 2n)).to.equal(0n);
    for (const seat of [2, 5, 8])
      expect(await committees.liableSlots(0, seat, e + 2n)).to.equal(maskOf(after, seat));
  });

  it("are kept for the three latest epochs with a change, however far apart (COMMITTEES-12)", async () => {
    const { committees, people } = await networkHelpers.loadFixture(eight);
    const changes: { epoch: bigint; before: bigint[] }[] = [];
    for (let i = 0; i < 4; i++) {
      await nextEpoch(networkHelpers);
      const epoch = await nextEpoch(networkHelpers);
      changes.push({ epoch, before: [...(await committees.owners(0))] });
      await committees.connect(people[i]!).resign();
    }
    for (const { epoch, before } of changes.slice(1)) {
      expect(await committees.ownersAt(0, epoch)).to.deep.equal(before);
      expect(await committees.ownersAt(0, epoch - 1n)).to.deep.equal(before);
    }
    const { epoch } = changes[0]!;
    await expect(committees.ownersAt(0, epoch))
      .to.be.revertedWithCustomError(committees, "Committees_TableForgotten")
      .withArgs(0n, epoch);
  });

  it("are found by the same committee on chain and off it (COMMITTEES-14)", async () => {
    const { committees } = await networkHelpers.loadFixture(eight);
    const met = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const commitment = randomBytes(32);
      const count = (i % 12) + 1;
      const found = Number(await committees.committeeOf(commitment, count));
      expect(found).to.equal(committeeOf(commitment, count));
      met.add(found);
    }
    expect(met.size).to.be.greaterThan(4);
  });

  it("have receipts and proofs of possession that wallets hash alike (COMMITTEES-15)", async () => {
    const { committees, people } = await networkHelpers.loadFixture(eight);
    const domain = {
      name: "Mycelia Committees",
      version: "1",
      chainId: (await ethers.provider.getNetwork()).chainId,
      verifyingContract: await committees.getAddress(),
    };
    const receipt = {
      commitment: hexlify(randomBytes(32)),
      k: 128,
      n: 384,
      rowSize: 1_024,
      slots: 2n ** 255n + 1n,
    };
    const fields = ["bytes32 commitment", "uint32 k", "uint32 n", "uint32 rowSize", "uint256 slots"];
    const typed = (list: string[]) =>
      list.map((field) => ({ type: field.split(" ")[0]!, name: field.split(" ")[1]! }));
    expect(
      await committees.receiptDigest(
        receipt.commitment,
        receipt.k,
        receipt.n,
        receipt.rowSize,
        receipt.slots,
      ),
    ).to.equal(TypedDataEncoder.hash(domain, { SegmentReceipt: typed(fields) }, receipt));
    const key = await committees.keyAt(0, 1);
    const possession = {
      operator: people[0]!.address,
      key: `0x${key.map((word) => word.slice(2)).join("")}`,
    };
    expect(await committees.possessionDigest(possession.operator, [...key] as never)).to.equal(
      TypedDataEncoder.hash(domain, { Possession: typed(["address operator", "bytes key"]) }, possession),
    );
  });
});
