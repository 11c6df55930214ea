import { expect } from "chai";
import { type ContractTransactionReceipt, getBytes } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { auditClock, commit } from "./auditClock.ts";
import { deployAudits, MAX, MEMBERS, type Member, seatMember, WINDOW } from "./audited.ts";
import { deployWithBatch, publish, seatsOf } from "./auditedBatches.ts";
import { openingsOf, workOf } from "./auditedNode.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const clock = auditClock(connection);
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "StorageAudits");

const OTHERS = 1_000;
const SEGMENT_BYTES = 4 * 1_024 * 1_024;

/** A batch of one whole segment of `k` original rows. */
async function deployWith(k: number) {
  const world = await deployAudits(ethers);
  for (let i = 0; i < MEMBERS; i++) await seatMember(world);
  await clock.nextEpoch();
  const shape = { k, n: k, rowSize: SEGMENT_BYTES / k };
  const batch = await publish(world, { shape, segments: 1, months: 1, signers: world.members });
  return { ...world, batches: [batch] };
}
/** The same behind a log of a thousand other batches, a terabyte of coded rows each. */
async function deployBehindLargeLog() {
  const world = await deployAudits(ethers);
  for (let i = 0; i < MEMBERS; i++) await seatMember(world);
  await world.committees.open();
  const [segments, units] = [65_536n, 65_536n * 1_024n];
  for (let i = 0; i < OTHERS; i++) {
    const order = { root: ethers.id(`${i}`), committee: 1n, segments, units, months: 1 };
    await world.log.append(order, MAX);
  }
  await clock.nextEpoch();
  const shape = { k: 4_096, n: 4_096, rowSize: SEGMENT_BYTES / 4_096 };
  const batch = await publish(world, { shape, segments: 1, months: 1, signers: world.members });
  return { ...world, batches: [batch] };
}
const deploySmallRows = () => deployWith(4_096);
const deployLargeRows = () => deployWith(2_048);
const deployFull = () => deployWithBatch(ethers, clock);

/** Gas of a transaction if calldata cost what it did before EIP-7623: its execution, 21,000, 4 a zero byte, 16 another. */
async function withoutFloor({ hash }: ContractTransactionReceipt): Promise<bigint> {
  const { data } = (await ethers.provider.getTransaction(hash))!;
  const bytes = getBytes(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  const options = { disableMemory: true, disableStack: true, disableStorage: true };
  const { structLogs } = (await ethers.provider.send("debug_traceTransaction", [hash, options])) as {
    structLogs: { gas: number | string; gasCost: number | string }[];
  };
  const [first, last] = [structLogs[0]!, structLogs.at(-1)!];
  const execution = BigInt(first.gas) - BigInt(last.gas) + BigInt(last.gasCost);
  return 21_000n + BigInt(4 * zeros + 16 * (bytes.length - zeros)) + execution;
}

/** The answer of an honest member to an audit. */
async function answered(world: Awaited<ReturnType<typeof deployWith>>) {
  const [member] = world.members as [Member];
  const epoch = await clock.start(world);
  const work = await workOf(world, member, world.batches);
  await commit(world, member, work);
  await clock.challenge(world, epoch);
  return world.audits.answer(work.sheet, await openingsOf(world, work, world.batches));
}

describe("Gas of StorageAudits", () => {
  for (const [size, deploy, most] of [
    ["1 KiB", deploySmallRows, 65_000n],
    ["2 KiB", deployLargeRows, 105_000n],
  ] as const)
    it(`stays within its target for a row of ${size}, the floor of calldata aside (AUDIT-15)`, async () => {
      const answer = await answered(await networkHelpers.loadFixture(deploy));
      const receipt = await gas.record(`answer with two rows of ${size}`, Promise.resolve(answer));
      expect((await withoutFloor(receipt)) / 2n).to.be.at.most(most);
    });

  it("is the same whatever the log's size, but for a number with more bytes (AUDIT-24)", async () => {
    const alone = await (await answered(await networkHelpers.loadFixture(deploySmallRows))).wait();
    const world = await networkHelpers.loadFixture(deployBehindLargeLog);
    expect(world.batches[0]!.id).to.equal(BigInt(OTHERS));
    const answer = await answered(world);
    const behind = await gas.record(
      `answer with two rows of 1 KiB, log of ${OTHERS} batches more`,
      Promise.resolve(answer),
    );
    expect(Number(behind.gasUsed)).to.be.closeTo(Number(alone!.gasUsed), 1_500);
  });

  it("is recorded for everything else (AUDIT-15)", async () => {
    const world = await networkHelpers.loadFixture(deployFull);
    const { audits, batches, members } = world;
    const [member, idle] = members as [Member, Member];
    const epoch = await clock.nextEpoch();
    await gas.record("open", audits.open(epoch));
    await clock.pastDraw();
    await gas.record("seed", audits.seed(epoch));
    const work = await workOf(world, member, batches);
    await gas.record("commit", commit(world, member, work));
    await clock.pass(WINDOW + 1n);
    await gas.record("draw", audits.draw(epoch));
    await clock.pastDraw();
    await gas.record("challenge", audits.challenge(epoch));
    await audits.answer(work.sheet, await openingsOf(world, work, batches));
    await gas.record("settle one that has answered", audits.settle(epoch, 0n, seatsOf([member])));
    await clock.pass(WINDOW + 1n);
    await gas.record("settle one that has missed", audits.settle(epoch, 0n, seatsOf([idle])));
    await clock.pass(WINDOW + 1n);
    await gas.record("close", audits.close(epoch));
  });
});
