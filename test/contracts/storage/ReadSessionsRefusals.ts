import { expect } from "chai";
import { encodeBytes32String, ethers as lib, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { CLAIM_WINDOW, deployPublishing, deployWithMembers, MYC } from "./publishing.ts";
import { BUDGET, claim, DAY, open, sign } from "./reading.ts";

const { ethers, networkHelpers } = await network.create();

const ten = () => deployWithMembers(ethers, 10);

describe("ReadSessions refuses", () => {
  it("vouchers for another session, operator, amount, chain or by another key (READ-7)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, members, other } = world;
    const [session, next] = [await open(world), await open(world)];
    const operator = members[0]!.operator.address;
    const voucher = { session: session.id, operator, amount: 10n };
    const lies = [
      await sign(world, { ...voucher, session: next.id }),
      await sign(world, { ...voucher, operator: members[1]!.operator.address }),
      await sign(world, { ...voucher, amount: 9n }),
      await sign(world, voucher, undefined, 1n),
      await sign(world, voucher, other),
      "0x",
      `0x${"00".repeat(65)}`,
    ];
    for (const signature of lies) {
      const posted = reads.claim(session.id, members[0]!.seat, session.owners as never, 10n, signature);
      await expect(posted).to.be.revertedWithCustomError(reads, "ReadSessions_InvalidVoucher");
    }
  });

  it("claims of nobody's seat, and tables that were never so", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads } = world;
    const session = await open(world);
    for (const seat of [0, 11, 255]) {
      const posted = reads.claim(session.id, seat, session.owners as never, 10n, "0x");
      await expect(posted).to.be.revertedWithCustomError(reads, "ReadSessions_NotSeated");
    }
    const greedy = Array(8).fill(BigInt(`0x${"01".repeat(32)}`));
    await expect(
      claim(world, { ...session, owners: greedy }, world.members[0]!, BUDGET),
    ).to.be.revertedWithCustomError(reads, "ReadSessions_WrongTable");
  });

  it("sessions of no budget, no time or too much, and new ones once stopped", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, modules } = world;
    await expect(open(world, ZeroAddress, 0n)).to.be.revertedWithCustomError(
      reads,
      "ReadSessions_ZeroBudget",
    );
    for (const duration of [0n, 90n * DAY + 1n]) {
      await expect(reads.open(0n, BUDGET, duration, ZeroAddress))
        .to.be.revertedWithCustomError(reads, "ReadSessions_InvalidDuration")
        .withArgs(duration, 90n * DAY);
    }
    const session = await open(world);
    await modules.stop(encodeBytes32String("ReadSessions"), 1n);
    await expect(open(world)).to.be.revertedWithCustomError(reads, "ReadSessions_NewBusinessStopped");
    await claim(world, session, world.members[0]!, 10n);
    await networkHelpers.time.increase(DAY + CLAIM_WINDOW + 1n);
    await reads.close(session.id);
  });
});

describe("ReadSessions over hostile tokens (READ-8)", () => {
  it("credits what arrives of one that keeps a fee", async () => {
    const token = await ethers.deployContract("FeeOnTransferToken");
    const { reads, dao } = await deployPublishing(ethers, await token.getAddress());
    await token.getFunction("approve")(await reads.getAddress(), MYC);
    await reads.connect(dao).open(0n, 1_000n, DAY, ZeroAddress);
    expect((await reads.get(1n)).budget).to.equal(990n);
    await networkHelpers.time.increase(DAY + CLAIM_WINDOW + 1n);
    await reads.close(1n);
    expect(await token.getFunction("balanceOf")(await reads.getAddress())).to.equal(await reads.totalHeld());
  });

  it("stands re-entry from every transfer", async () => {
    const token = await ethers.deployContract("ReentrantToken");
    const thief = await token.getAddress();
    const { reads, dao } = await deployPublishing(ethers, thief);
    const address = await reads.getAddress();
    await token.getFunction("approve")(address, MYC);
    await token.getFunction("approveAs")(address);
    await reads.connect(dao).open(0n, 1_000n, DAY, ZeroAddress);
    await reads.connect(dao).open(0n, 1_000n, DAY, ZeroAddress);
    await networkHelpers.time.increase(DAY + CLAIM_WINDOW + 1n);
    const calls = reads.interface;
    const attacks = [
      calls.encodeFunctionData("close", [2n]),
      calls.encodeFunctionData("open", [0n, 10n, DAY, ZeroAddress]),
    ];
    for (const attack of attacks) {
      await token.getFunction("aim")(address, attack);
      await reads.connect(dao).open(0n, 1_000n, DAY, ZeroAddress);
      expect(await token.getFunction("succeeded")()).to.equal(false);
      expect(await token.getFunction("outcome")()).to.equal(
        lib.id("ReentrancyGuardReentrantCall()").slice(0, 10),
      );
    }
    await reads.close(1n);
    expect(await token.getFunction("succeeded")()).to.equal(false);
    expect(await token.getFunction("balanceOf")(address)).to.equal(await reads.totalHeld());
  });
});
