import { expect } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, ZeroHash } from "ethers";
import { network } from "hardhat";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import { auditPath, treeHash } from "../core/mountainRangeTwin.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import {
  deployWithMembers,
  EPOCH,
  GIB_UNITS,
  LEASE_PRICE,
  orderOf,
  PERMANENT_PRICE,
  type Publishing,
  TREASURY_BPS,
} from "./publishing.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "StorageLog");

const NO_LIMIT = ethers.MaxUint256;
const MONTH = 30n * 86_400n;

const deploy = () => deployWithMembers(ethers, 1);
const feeOf = (units: bigint, months: bigint) => (units * months * LEASE_PRICE + GIB_UNITS - 1n) / GIB_UNITS;
const now = async () => BigInt(await networkHelpers.time.latest());
const epochNow = async () => (await now()) / EPOCH;

/** The leaf of a batch, as whoever has the contract's ABI hashes it. */
const hashOf = (batch: object) => {
  const { inputs } = IStorageLog__factory.createInterface().getFunction("batchHash");
  return keccak256(AbiCoder.defaultAbiCoder().encode(inputs, [batch]));
};

/** Appends batches of 1, 2, 3… segments for as many months and says what the log should have kept of them. */
async function appendMany({ log, publisher }: Publishing, count: number) {
  const batches = [];
  let firstUnit = 0n;
  for (let i = 1; i <= count; i++) {
    const order = orderOf({ segments: i, units: BigInt(100 * i), months: i });
    await log.append(order, NO_LIMIT);
    const timestamp = await now();
    const { root, committee, segments, units } = order;
    const expiry = expiryOf(timestamp, BigInt(i));
    const owner = publisher.address;
    batches.push({ root, owner, timestamp, committee, segments, firstUnit, units, expiry });
    firstUnit += units;
  }
  return batches;
}

/** The whole term after the epoch of the append, in whole epochs. */
function expiryOf(timestamp: bigint, months: bigint): bigint {
  const epochs = (months * MONTH + EPOCH - 1n) / EPOCH;
  return (timestamp / EPOCH + 1n + epochs) * EPOCH;
}

describe("StorageLog", () => {
  it("appends batches with running counts of units, under the root of the range (LOG-1)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { log } = world;
    expect(await log.logRoot()).to.equal(ZeroHash);
    const batches = await appendMany(world, 5);
    expect(await log.batchHash(batches[2]!)).to.equal(hashOf(batches[2]!));
    expect(await log.batchCount()).to.equal(5n);
    expect(await log.logRoot()).to.equal(treeHash(batches.map(hashOf)));
    for (const [id, batch] of batches.entries()) {
      expect(hashOf(await log.batchAt(id))).to.equal(hashOf(batch));
      expect(await log.stateOf(id)).to.equal(1n);
    }
    expect(await log.stateOf(5n)).to.equal(0n);
    await expect(log.batchAt(5n)).to.be.revertedWithCustomError(log, "StorageLog_UnknownBatch").withArgs(5n);
  });

  it("says all of it in the event", async () => {
    const { log, publisher } = await networkHelpers.loadFixture(deploy);
    await log.append(orderOf({ units: 70n }), NO_LIMIT);
    const order = orderOf({ months: 12 });
    const [id, fee] = await log.append.staticCall(order, NO_LIMIT);
    expect([id, fee]).to.deep.equal([1n, feeOf(GIB_UNITS, 12n)]);
    const sent = await log.append(order, NO_LIMIT);
    const expiry = expiryOf(await now(), 12n);
    const root = await log.logRoot();
    await expect(sent)
      .to.emit(log, "BatchAppended")
      .withArgs(1n, order.root, publisher.address, 0n, 64n, 70n, GIB_UNITS, expiry, fee, root);
  });

  it("sends the fee, rounded up, to the endowment, which leases out what the treasury leaves (LOG-2)", async () => {
    const { log, token, treasury, endowment, publisher } = await networkHelpers.loadFixture(deploy);
    for (const [units, months] of [
      [1n, 1],
      [64_000n, 7],
      [GIB_UNITS, 12],
    ] as const) {
      const fee = feeOf(units, BigInt(months));
      const toTreasury = (fee * TREASURY_BPS) / 10_000n;
      expect(await log.feeUp(units, months)).to.equal(fee);
      const order = orderOf({ segments: units === 1n ? 1 : 64, units, months });
      await expect(log.append(order, fee)).to.changeTokenBalances(
        ethers,
        token,
        [publisher, treasury, endowment, log],
        [-fee, toTreasury, fee - toTreasury, 0n],
      );
    }
    expect(await log.feeUp(GIB_UNITS, 1)).to.equal(LEASE_PRICE);
    expect(await log.feeUp(GIB_UNITS + 1n, 1)).to.equal(LEASE_PRICE + 46n);
  });

  it("never leases for less than permanent units release in the same time (LOG-15)", async () => {
    const { log, parameters } = await networkHelpers.loadFixture(deploy);
    await parameters.set(encodeBytes32String("storage.leasePricePerGiB"), 1n);
    await networkHelpers.time.increase(EPOCH);
    for (const [units, months] of [
      [1n, 1n],
      [GIB_UNITS, 12n],
      [7n * GIB_UNITS + 1n, 65_535n],
    ] as const) {
      const permanent = await log.feeUp(units, 0);
      // A tenth a year.
      const [released, whole] = [permanent * 30n * months, 3_650n];
      expect(await log.feeUp(units, months)).to.equal((released + whole - 1n) / whole);
    }
  });

  it("pays a lease in the epochs in which its units count, and a permanent batch into the pool (LOG-6)", async () => {
    const { log, endowment, audits } = await networkHelpers.loadFixture(deploy);
    const start = await epochNow();
    const order = orderOf({ months: 1 });
    await log.append(order, NO_LIMIT);
    const epochs = MONTH / EPOCH;
    const fee = feeOf(GIB_UNITS, 1n);
    const rate = (fee - (fee * TREASURY_BPS) / 10_000n) / epochs;
    const judge = endowment.connect(audits);
    for (const [epoch, paid] of [
      [start, 0n],
      [start + 1n, rate],
      [start + 200n, rate],
      [start + 400n, rate],
      [start + epochs, rate],
      [start + epochs + 1n, 0n],
    ] as const) {
      await reach(epoch);
      await endowment.roll(256n);
      await judge.open(epoch);
      expect(await endowment.leaseRate()).to.equal(paid);
      await log.roll(0n, NO_LIMIT);
      expect(await log.liveUnitsAt(0n, epoch)).to.equal(paid === 0n ? 0n : GIB_UNITS);
    }
    await log.append(orderOf({ months: 0 }), NO_LIMIT);
    expect(await endowment.permanentUnits()).to.equal(GIB_UNITS);
    expect(await endowment.pool()).to.equal(PERMANENT_PRICE - (PERMANENT_PRICE * TREASURY_BPS) / 10_000n);
    expect((await log.batchAt(1n)).expiry).to.equal(0n);
  });

  it("counts a committee's units as they were when an epoch began, live and expired (LOG-8, LOG-9)", async () => {
    const { log } = await networkHelpers.loadFixture(deploy);
    const start = await epochNow();
    await log.append(orderOf({ units: 100n, months: 1 }), NO_LIMIT);
    await log.append(orderOf({ units: 200n, months: 0 }), NO_LIMIT);
    await reach(start + 2n);
    await log.append(orderOf({ units: 400n, months: 2 }), NO_LIMIT);
    const end = start + 1n + MONTH / EPOCH;
    await reach(end + 5n);
    for (const [epoch, units] of [
      [0n, 0n],
      [start, 0n],
      [start + 1n, 300n],
      [start + 2n, 300n],
      [start + 3n, 700n],
      [end + 5n, 700n],
    ] as const) {
      expect(await log.unitsAt(0n, epoch)).to.equal(units);
    }
    await expect(log.liveUnitsAt(0n, end))
      .to.be.revertedWithCustomError(log, "StorageLog_NotRolled")
      .withArgs(end, start);
    await log.roll(0n, 100n);
    expect(await log.liveUnitsAt(0n, start + 100n)).to.equal(700n);
    await gas.record("roll over 620 epochs", log.roll(0n, NO_LIMIT));
    for (const [epoch, units] of [
      [start + 1n, 300n],
      [end - 1n, 700n],
      [end, 600n],
      [end + 5n, 600n],
    ] as const) {
      expect(await log.liveUnitsAt(0n, epoch)).to.equal(units);
      expect(await log.totalLiveUnitsAt(epoch)).to.equal(units);
    }
    const ahead = (await epochNow()) + 1n;
    for (const ask of [() => log.unitsAt(0n, ahead), () => log.totalLiveUnitsAt(ahead)]) {
      await expect(ask())
        .to.be.revertedWithCustomError(log, "StorageLog_EpochAhead")
        .withArgs(ahead, ahead - 1n);
    }
    expect(await log.liveUnitsAt(7n, end)).to.equal(0n);
  });

  it("proves a batch against any earlier root, and nothing else (LOG-3)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { log } = world;
    const batches = await appendMany(world, 7);
    const hashes = batches.map(hashOf);
    for (const count of [3, 7]) {
      const known = hashes.slice(0, count);
      const root = treeHash(known);
      for (let id = 0; id < count; id++) {
        const batch = batches[id]!;
        const path = auditPath(known, id);
        expect(await log.verify(batch, id, count, root, path)).to.equal(true);
        for (const lie of [
          { ...batch, root: keccak256(batch.root) },
          { ...batch, firstUnit: batch.firstUnit + 1n },
          { ...batch, segments: batch.segments + 1 },
          { ...batch, units: batch.units - 1n },
          { ...batch, owner: await log.getAddress() },
          { ...batch, timestamp: batch.timestamp - 1n },
          { ...batch, expiry: 0n },
          { ...batch, committee: 1n },
        ]) {
          expect(await log.verify(lie, id, count, root, path)).to.equal(false);
        }
      }
    }
  });

  it("leaves of segments bind commitment, shape and place", async () => {
    const { log } = await networkHelpers.loadFixture(deploy);
    const commitment = keccak256("0x77");
    const encoded = AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint32", "uint32", "uint32", "uint64"],
      [commitment, 128, 384, 1_024, 5n],
    );
    const leaf = await log.segmentLeaf(commitment, { k: 128, n: 384, rowSize: 1_024 }, 5n);
    expect(leaf).to.equal(keccak256(encoded));
  });

  it("takes terms up to 65,535 months", async () => {
    const { log } = await networkHelpers.loadFixture(deploy);
    await log.append(orderOf({ months: 65_535 }), NO_LIMIT);
    expect((await log.batchAt(0n)).expiry).to.equal(expiryOf(await now(), 65_535n));
  });

  it("keeps the gas of an append flat", async () => {
    const { log } = await networkHelpers.loadFixture(deploy);
    for (let i = 0; i < 7; i++) await log.append(orderOf(), NO_LIMIT);
    await gas.record("append to 7 batches", log.append(orderOf(), NO_LIMIT));
    await gas.record("append to 8 batches", log.append(orderOf(), NO_LIMIT));
    await log.append(orderOf({ months: 0 }), NO_LIMIT);
    await gas.record("append for ever", log.append(orderOf({ months: 0 }), NO_LIMIT));
  });
});

/** Waits until `epoch` has begun. */
async function reach(epoch: bigint) {
  if (epoch > (await epochNow())) await networkHelpers.time.increaseTo(epoch * EPOCH);
}
