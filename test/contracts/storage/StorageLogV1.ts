import { expect } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";
import { auditPath, treeHash } from "../core/mountainRangeTwin.ts";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployStorage, PRICE_PER_GIB } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "StorageLogV1");

const ROOT = keccak256("0x01");
const MIN = 16_384n;
const MAX = 16n * 2n ** 20n;
const GIB = 2n ** 30n;
const NO_LIMIT = ethers.MaxUint256;

const BATCH =
  "tuple(bytes32 root,uint64 firstSegment,uint32 segments,uint64 size,address owner,uint64 timestamp)";
type Batch = {
  root: string;
  firstSegment: bigint;
  segments: number;
  size: bigint;
  owner: string;
  timestamp: number;
};
const hashOf = (batch: Batch) => keccak256(AbiCoder.defaultAbiCoder().encode([BATCH], [batch]));
const feeOf = (size: bigint) => (size * PRICE_PER_GIB + GIB - 1n) / GIB;

async function deploy() {
  const base = await deployStorage(ethers);
  await base.token.connect(base.operator).approve(await base.log.getAddress(), ethers.MaxUint256);
  await base.token.mint(base.operator.address, 10n ** 18n);
  return { ...base, log: base.log.connect(base.operator) };
}

type Log = Awaited<ReturnType<typeof deploy>>["log"];

/** Appends batches of 1, 2, 3… segments and says what the log should have kept of them. */
async function appendMany(log: Log, owner: string, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  let firstSegment = 0n;
  for (let i = 1; i <= count; i++) {
    const [root, size] = [keccak256(toBeHex(i)), MIN * BigInt(i)];
    await log.append(root, i, size, NO_LIMIT);
    batches.push({
      root,
      firstSegment,
      segments: i,
      size,
      owner,
      timestamp: await networkHelpers.time.latest(),
    });
    firstSegment += BigInt(i);
  }
  return batches;
}

describe("StorageLogV1", () => {
  it("appends batches with running counts, under the root of the range (LOG-1)", async () => {
    const { log, operator } = await networkHelpers.loadFixture(deploy);
    expect(await log.logRoot()).to.equal(ZeroHash);
    const batches = await appendMany(log, operator.address, 5);
    const hashes = batches.map(hashOf);
    expect(await log.batchHash(batches[2]!)).to.equal(hashes[2]);
    expect(await log.batchCount()).to.equal(5n);
    expect(await log.segmentCount()).to.equal(15n);
    expect(await log.logRoot()).to.equal(treeHash(hashes));
  });

  it("says all of it in the event", async () => {
    const { log, operator } = await networkHelpers.loadFixture(deploy);
    await log.append(ROOT, 3, 3n * MIN, NO_LIMIT);
    const size = 2n * MAX;
    const [index, fee] = await log.append.staticCall(ROOT, 2, size, NO_LIMIT);
    expect([index, fee]).to.deep.equal([1n, feeOf(size)]);
    const sent = await log.append(ROOT, 2, size, NO_LIMIT);
    await expect(sent)
      .to.emit(log, "BatchAppended")
      .withArgs(1n, ROOT, operator.address, 3n, 2n, size, fee, await log.logRoot());
  });

  it("sends the fee, rounded up, from the caller to the treasury and keeps none (LOG-2)", async () => {
    const { log, token, treasury, operator } = await networkHelpers.loadFixture(deploy);
    for (const size of [MIN, MIN + 1n, MAX - 1n, MAX]) {
      expect(await log.feeUp(size)).to.equal(feeOf(size));
      await expect(log.append(ROOT, 1, size, feeOf(size))).to.changeTokenBalances(
        ethers,
        token,
        [operator, treasury, log],
        [-feeOf(size), feeOf(size), 0n],
      );
    }
    expect(await log.feeUp(GIB)).to.equal(PRICE_PER_GIB);
    expect(await log.feeUp(GIB + 1n)).to.equal(PRICE_PER_GIB + 1n);
    expect(await log.feeUp(0n)).to.equal(0n);
    expect(await log.feeUp(2n ** 64n - 1n)).to.equal(2n ** 34n * PRICE_PER_GIB);
  });

  it("proves a batch against any earlier root, and nothing else (LOG-3)", async () => {
    const { log, operator } = await networkHelpers.loadFixture(deploy);
    const batches = await appendMany(log, operator.address, 7);
    const hashes = batches.map(hashOf);
    for (const count of [3, 4, 7]) {
      const known = hashes.slice(0, count);
      const root = treeHash(known);
      for (let index = 0; index < count; index++) {
        const batch = batches[index]!;
        const path = auditPath(known, index);
        expect(await log.verify(batch, index, count, root, path)).to.equal(true);
        const lies: Batch[] = [
          { ...batch, root: keccak256(batch.root) },
          { ...batch, firstSegment: batch.firstSegment + 1n },
          { ...batch, segments: batch.segments + 1 },
          { ...batch, size: batch.size - 1n },
          { ...batch, owner: await log.getAddress() },
          { ...batch, timestamp: batch.timestamp - 1 },
        ];
        for (const lie of lies) expect(await log.verify(lie, index, count, root, path)).to.equal(false);
      }
    }
  });

  it("keeps the gas of an append flat", async () => {
    const { log } = await networkHelpers.loadFixture(deploy);
    for (let i = 0; i < 7; i++) await log.append(ROOT, 1, MIN, NO_LIMIT);
    await gas.record("append to 7 batches", log.append(ROOT, 1_000, 1_000n * MAX, NO_LIMIT));
    await gas.record("append to 8 batches", log.append(ROOT, 1_000, 1_000n * MAX, NO_LIMIT));
  });

  describe("refuses", () => {
    it("a batch of nothing", async () => {
      const { log } = await networkHelpers.loadFixture(deploy);
      for (const [root, segments] of [
        [ZeroHash, 1],
        [ROOT, 0],
      ] as const) {
        await expect(log.append(root, segments, MIN, NO_LIMIT)).to.be.revertedWithCustomError(
          log,
          "StorageLog_EmptyBatch",
        );
      }
    });

    it("sizes and counts that no coding has (LOG-4)", async () => {
      const { log } = await networkHelpers.loadFixture(deploy);
      for (const size of [0n, 2n * MIN - 1n, 2n * MAX + 1n]) {
        await expect(log.append(ROOT, 2, size, NO_LIMIT))
          .to.be.revertedWithCustomError(log, "StorageLog_SizeOutOfRange")
          .withArgs(size, 2n * MIN, 2n * MAX);
      }
      await log.append(ROOT, 65_536, 65_536n * MIN, NO_LIMIT);
      await expect(log.append(ROOT, 65_537, 65_537n * MIN, NO_LIMIT))
        .to.be.revertedWithCustomError(log, "StorageLog_TooManySegments")
        .withArgs(65_537n, 65_536n);
    });

    it("a fee above what the caller accepts, and a caller that can't pay", async () => {
      const { log, other, token } = await networkHelpers.loadFixture(deploy);
      const fee = feeOf(MAX);
      await expect(log.append(ROOT, 1, MAX, fee - 1n))
        .to.be.revertedWithCustomError(log, "StorageLog_FeeAboveMax")
        .withArgs(fee, fee - 1n);
      await expect(log.connect(other).append(ROOT, 1, MAX, NO_LIMIT)).to.be.revertedWithCustomError(
        token,
        "ERC20InsufficientAllowance",
      );
      expect(await log.batchCount()).to.equal(0n);
      expect(await log.logRoot()).to.equal(ZeroHash);
    });

    it("new business once stopped, while proofs stay open (LOG-5)", async () => {
      const { log, modules, operator } = await networkHelpers.loadFixture(deploy);
      const [batch] = await appendMany(log, operator.address, 1);
      await modules.stop(encodeBytes32String("StorageLog"), 1n);
      await expect(log.append(ROOT, 1, MIN, NO_LIMIT)).to.be.revertedWithCustomError(
        log,
        "StorageLog_NewBusinessStopped",
      );
      expect(await log.verify(batch!, 0, 1, await log.logRoot(), [])).to.equal(true);
    });
  });
});
