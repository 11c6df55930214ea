import { expect } from "chai";
import { id, TypedDataEncoder } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  certificateOf,
  deployWithMembers,
  EPOCH,
  type Member,
  type Order,
  orderOf,
  type Publishing,
  seatMember,
  seatsOf,
  sizeOf,
  slotsOf,
} from "./publishing.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "StorageLog");

const NO_LIMIT = ethers.MaxUint256;
const [NONE, ACCEPTED, FINAL, FULL] = [0n, 1n, 2n, 3n];
const ALL_SLOTS = 2n ** 256n - 1n;
const MONTH = 30n * 86_400n;
/** What 10,000 objects of a batch may cost at 100 gas each. */
const TARGET_GAS = 1_000_000n;

const ten = () => deployWithMembers(ethers, 10);
const sixtyFour = () => deployWithMembers(ethers, 64);

/** Members that own so many slots; of ten, each owns 25 or 26. */
async function membersWith(world: Publishing, shares: readonly number[]): Promise<Member[]> {
  const left = [...shares];
  const chosen: Member[] = [];
  for (const member of world.members) {
    const at = left.indexOf(sizeOf(await slotsOf(world, seatsOf([member]))));
    if (at < 0) continue;
    left.splice(at, 1);
    chosen.push(member);
  }
  expect(left).to.deep.equal([]);
  return chosen;
}

/** Appends a batch with what all members but some have signed. */
async function publish(world: Publishing, absent: readonly Member[] = [], change: Partial<Order> = {}) {
  const order = orderOf(change);
  const certificate = await certificateOf(world, order, absent);
  const sent = world.log.appendCertified(order, certificate, NO_LIMIT);
  return { order, certificate, sent };
}

describe("StorageLog: certificates", () => {
  it("covers the slots of whoever signed, and is final from 180 on, full from 231 (LOG-7)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { log } = world;
    for (const [batch, shares, state] of [
      [0n, [], FULL],
      [1n, [25], FULL],
      [2n, [26], FINAL],
      [3n, [25, 25, 26], FINAL],
    ] as const) {
      const absent = await membersWith(world, shares);
      const slots = ALL_SLOTS ^ (await slotsOf(world, seatsOf(absent)));
      const { sent } = await publish(world, absent);
      await expect(sent).to.emit(log, "BatchCertified").withArgs(batch, slots);
      expect(await log.coverageOf(batch)).to.equal(slots);
      expect(await log.stateOf(batch)).to.equal(state);
    }
    expect(await log.stateOf(4n)).to.equal(NONE);
  });

  it("is what wallets' typed data says", async () => {
    const { log } = await networkHelpers.loadFixture(ten);
    const domain = {
      name: "Mycelia StorageLog",
      version: "1",
      chainId: (await ethers.provider.getNetwork()).chainId,
      verifyingContract: await log.getAddress(),
    };
    const fields = {
      BatchReceipt: [
        { name: "committee", type: "uint16" },
        { name: "version", type: "uint32" },
        { name: "root", type: "bytes32" },
        { name: "segments", type: "uint32" },
        { name: "units", type: "uint64" },
      ],
    };
    const value = { committee: 3, version: 9, root: id("root"), segments: 7, units: 70 };
    expect(await log.receiptDigest(3, 9, id("root"), 7, 70)).to.equal(
      TypedDataEncoder.hash(domain, fields, value),
    );
  });

  it("comes later for a batch appended without, and grows with every certificate (LOG-7, LOG-10)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { log, members, other } = world;
    const order = orderOf();
    await log.append(order, NO_LIMIT);
    expect(await log.stateOf(0n)).to.equal(ACCEPTED);
    const first = await certificateOf(world, order, members.slice(0, 2));
    await log.connect(other).certify(0n, first);
    const before = await log.coverageOf(0n);
    expect(sizeOf(before)).to.be.within(180, 230);

    // Once a batch counts, any few may add themselves, and a smaller certificate takes nothing away.
    const rest = await certificateOf(world, order, members.slice(1));
    await log.connect(other).certify(0n, rest);
    const after = await log.coverageOf(0n);
    expect(after).to.equal(before | (await slotsOf(world, seatsOf([members[0]!]))));
    await expect(log.certify(0n, rest))
      .to.be.revertedWithCustomError(log, "StorageLog_NothingNew")
      .withArgs(0n);
    await log.certify(0n, await certificateOf(world, order));
    expect(await log.coverageOf(0n)).to.equal(ALL_SLOTS);
    expect(await log.stateOf(0n)).to.equal(FULL);
  });

  it("needs to cover 180 slots before it counts at all", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { log } = world;
    const absent = await membersWith(world, [25, 26, 26]);
    const { sent, order } = await publish(world, absent);
    await expect(sent).to.be.revertedWithCustomError(log, "StorageLog_TooFewSlots").withArgs(179n, 180n);
    await log.append(order, NO_LIMIT);
    await expect(log.certify(0n, await certificateOf(world, order, absent)))
      .to.be.revertedWithCustomError(log, "StorageLog_TooFewSlots")
      .withArgs(179n, 180n);
    expect(await log.stateOf(0n)).to.equal(ACCEPTED);
  });

  it("is signed anew when the table has changed (LOG-11)", async () => {
    const seated = await networkHelpers.loadFixture(ten);
    const world = { ...seated, members: [...seated.members] };
    const { log, committees } = world;
    const order = orderOf();
    const stale = await certificateOf(world, order);
    await log.append(order, NO_LIMIT);
    await seatMember(world);
    const current = await committees.versionOf(0n);
    await expect(log.certify(0n, stale))
      .to.be.revertedWithCustomError(log, "StorageLog_WrongVersion")
      .withArgs(0n, stale.version, current);
    await expect(log.certify(0n, { ...stale, version: current })).to.be.revertedWithCustomError(
      log,
      "StorageLog_InvalidCertificate",
    );
    await log.certify(0n, await certificateOf(world, order));
    expect(await log.coverageOf(0n)).to.equal(ALL_SLOTS);
  });

  it("is no longer taken when the batch has expired", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { log } = world;
    const order = orderOf({ months: 1 });
    await log.append(order, NO_LIMIT);
    const { expiry } = await log.batchAt(0n);
    await networkHelpers.time.increaseTo(expiry);
    await expect(log.certify(0n, await certificateOf(world, order)))
      .to.be.revertedWithCustomError(log, "StorageLog_Expired")
      .withArgs(0n, expiry);
    expect(expiry % EPOCH).to.equal(0n);
    const forEver = orderOf({ months: 0 });
    await log.append(forEver, NO_LIMIT);
    await networkHelpers.time.increase(100n * MONTH);
    await log.certify(1n, await certificateOf(world, forEver));
  });

  it("stays within the gas that 10,000 objects of a batch may cost", async () => {
    const world = await networkHelpers.loadFixture(ten);
    await (await publish(world)).sent;
    const { sent } = await publish(world, world.members.slice(0, 1));
    const receipt = await gas.record("appendCertified with 10 members, 1 missing", sent);
    expect(receipt.gasUsed <= TARGET_GAS).to.equal(true);
    const order = orderOf();
    await world.log.append(order, NO_LIMIT);
    const later = await certificateOf(world, order, world.members.slice(0, 1));
    await gas.record("certify with 10 members, 1 missing", world.log.certify(2n, later));
  });

  it("stays within it with 64 members, too", async () => {
    const world = await networkHelpers.loadFixture(sixtyFour);
    await (await publish(world)).sent;
    const { sent } = await publish(world, world.members.slice(10, 16));
    const receipt = await gas.record("appendCertified with 64 members, 6 missing", sent);
    expect(receipt.gasUsed <= TARGET_GAS).to.equal(true);
    expect(await world.log.stateOf(1n)).to.equal(FULL);
  });
});
