import { expect } from "chai";
import { encodeBytes32String, ethers as lib, ZeroHash } from "ethers";
import { network } from "hardhat";
import {
  deployPublishing,
  deployWithMembers,
  LEASE_PRICE,
  MYC,
  type Order,
  orderOf,
  type Publishing,
} from "./publishing.ts";

const { ethers, networkHelpers } = await network.create();

const NO_LIMIT = ethers.MaxUint256;

const deploy = () => deployWithMembers(ethers, 1);

describe("StorageLog refuses", () => {
  const refused = async (world: Publishing, change: Partial<Order>, error: string, args: unknown[] = []) => {
    const call = expect(world.log.append(orderOf(change), NO_LIMIT)).to.be.revertedWithCustomError(
      world.log,
      error,
    );
    await (args.length === 0 ? call : call.withArgs(...args));
  };

  it("a batch of nothing, or of a committee that isn't open", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    await refused(world, { root: ZeroHash }, "StorageLog_EmptyBatch");
    await refused(world, { segments: 0 }, "StorageLog_EmptyBatch");
    await refused(world, { committee: 1n }, "StorageLog_UnknownCommittee", [1n]);
  });

  it("units and counts that no coding has (LOG-4)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    for (const units of [0n, 1n, 2_049n, 2n ** 64n - 1n]) {
      await refused(world, { segments: 2, units }, "StorageLog_UnitsOutOfRange", [units, 2n, 2_048n]);
    }
    await world.log.append(orderOf({ segments: 65_536, units: 65_536n * 1_024n }), NO_LIMIT);
    await refused(world, { segments: 65_537, units: 65_537n }, "StorageLog_TooManySegments", [
      65_537n,
      65_536n,
    ]);
  });

  it("a fee above what the caller accepts, and a caller that can't pay", async () => {
    const { log, other, token } = await networkHelpers.loadFixture(deploy);
    await expect(log.append(orderOf(), LEASE_PRICE - 1n))
      .to.be.revertedWithCustomError(log, "StorageLog_FeeAboveMax")
      .withArgs(LEASE_PRICE, LEASE_PRICE - 1n);
    await expect(log.connect(other).append(orderOf(), NO_LIMIT)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    expect(await log.batchCount()).to.equal(0n);
    expect(await log.logRoot()).to.equal(ZeroHash);
  });

  it("new business once stopped, while proofs and cranks stay open (LOG-5)", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { log, modules } = world;
    const order = orderOf();
    await log.append(order, NO_LIMIT);
    const { timestamp, expiry } = await log.batchAt(0n);
    const { root, committee, segments, units } = order;
    const owner = world.publisher.address;
    const batch = { root, committee, segments, firstUnit: 0n, units, expiry, owner, timestamp };
    await modules.stop(encodeBytes32String("StorageLog"), 1n);
    await refused(world, {}, "StorageLog_NewBusinessStopped");
    expect(await log.verify(batch, 0, 1, await log.logRoot(), [])).to.equal(true);
    await log.roll(0n, 10n);
  });
});

describe("StorageLog over hostile tokens (LOG-14)", () => {
  const paidIn = async (name: string) => {
    const token = await ethers.deployContract(name);
    const world = await deployPublishing(ethers, await token.getAddress());
    await token.getFunction("approve")(await world.log.getAddress(), MYC);
    return { ...world, hostile: token, log: world.log.connect(world.dao) };
  };

  it("appends nothing when less than the fee arrives", async () => {
    const { log, endowment } = await paidIn("FeeOnTransferToken");
    await expect(log.append(orderOf(), NO_LIMIT))
      .to.be.revertedWithCustomError(endowment, "Endowment_Unfunded")
      .withArgs(LEASE_PRICE, LEASE_PRICE - LEASE_PRICE / 100n);
    expect(await log.batchCount()).to.equal(0n);
  });

  it("stands re-entry from the transfer of the fee", async () => {
    const { log, hostile, endowment } = await paidIn("ReentrantToken");
    const address = await log.getAddress();
    await hostile.getFunction("approveAs")(address);
    const attack = log.interface.encodeFunctionData("append", [orderOf(), NO_LIMIT]);
    await hostile.getFunction("aim")(address, attack);
    await log.append(orderOf(), NO_LIMIT);
    expect(await hostile.getFunction("succeeded")()).to.equal(false);
    expect(await hostile.getFunction("outcome")()).to.equal(
      lib.id("ReentrancyGuardReentrantCall()").slice(0, 10),
    );
    expect(await log.batchCount()).to.equal(1n);
    expect(await hostile.getFunction("balanceOf")(endowment)).to.equal(await endowment.totalHeld());
  });
});
