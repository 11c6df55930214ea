import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { CLAIM_WINDOW, deployWithMembers, READ_PRICE, seatMember } from "./publishing.ts";
import { BUDGET, capOf, claim, DAY, open } from "./reading.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "ReadSessions");

const ten = () => deployWithMembers(ethers, 10);

describe("ReadSessions", () => {
  it("locks a budget at the price of the day and says with whom (READ-1)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, token, publisher } = world;
    const owners = await world.committees.owners(0n);
    const sent = await reads.open(0n, BUDGET, DAY, ZeroAddress);
    const opened = BigInt(await networkHelpers.time.latest());
    await expect(sent)
      .to.emit(reads, "ReadSessionOpened")
      .withArgs(
        1n,
        publisher.address,
        0n,
        publisher.address,
        BUDGET,
        READ_PRICE,
        opened + DAY,
        opened + DAY + CLAIM_WINDOW,
        owners,
      );
    await expect(sent).to.changeTokenBalances(ethers, token, [publisher, reads], [-BUDGET, BUDGET]);
    const session = await reads.get(1n);
    expect([session.budget, session.claimed, session.price]).to.deep.equal([BUDGET, 0n, READ_PRICE]);
    expect(await reads.totalHeld()).to.equal(BUDGET);
  });

  it("pays each member what its newest voucher says beyond earlier ones (READ-2)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, token, members } = world;
    const session = await open(world);
    const [first, second] = [members[0]!, members[1]!];
    await expect(claim(world, session, first, 100n))
      .to.emit(reads, "ReadsPaid")
      .withArgs(session.id, first.operator.address, 100n, 100n);
    await expect(claim(world, session, first, 250n)).to.changeTokenBalances(
      ethers,
      token,
      [first.operator, reads],
      [150n, -150n],
    );
    await claim(world, session, second, 70n);
    expect(await reads.claimedBy(session.id, first.operator.address)).to.equal(250n);
    expect((await reads.get(session.id)).claimed).to.equal(320n);
    const cap = await capOf(world, first);
    for (const stale of [250n, 100n]) {
      await expect(claim(world, session, first, stale))
        .to.be.revertedWithCustomError(reads, "ReadSessions_NothingNew")
        .withArgs(session.id, first.operator.address, 250n, cap);
    }
  });

  it("covers every voucher up to the member's share of slots, whatever was signed for others (READ-3)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, members, token } = world;
    const session = await open(world);
    let paid = 0n;
    for (const member of members) {
      const cap = await capOf(world, member);
      expect(await reads.capDown(session.id, member.seat, session.owners as never)).to.equal(cap);
      const before = await token.balanceOf(member.operator.address);
      await claim(world, session, member, BUDGET);
      expect((await token.balanceOf(member.operator.address)) - before).to.equal(cap);
      paid += cap;
    }
    expect(await reads.totalHeld()).to.equal(BUDGET - paid);
    expect(await reads.capDown(session.id, 0, session.owners as never)).to.equal(0n);
  });

  it("gives the owner the rest, after the last claim (READ-4)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, token, publisher, members, other } = world;
    const session = await open(world);
    await claim(world, session, members[0]!, 100n);
    const { claimBefore } = await reads.get(session.id);
    await networkHelpers.time.increaseTo(claimBefore - 1n);
    await expect(reads.close(session.id))
      .to.be.revertedWithCustomError(reads, "ReadSessions_TooEarly")
      .withArgs(session.id, claimBefore);
    await networkHelpers.time.increaseTo(claimBefore + 1n);
    await expect(claim(world, session, members[0]!, 200n))
      .to.be.revertedWithCustomError(reads, "ReadSessions_TooLate")
      .withArgs(session.id, claimBefore);
    const closed = reads.connect(other).close(session.id);
    await expect(closed).to.changeTokenBalances(
      ethers,
      token,
      [publisher, reads],
      [BUDGET - 100n, 100n - BUDGET],
    );
    expect(await reads.totalHeld()).to.equal(0n);
    for (const again of [() => reads.close(session.id), () => reads.get(session.id)]) {
      await expect(again()).to.be.revertedWithCustomError(reads, "ReadSessions_Unknown").withArgs(session.id);
    }
  });

  it("keeps the caps of the opening when the committee changes, and pays who left (READ-5)", async () => {
    const seated = await networkHelpers.loadFixture(ten);
    const world = { ...seated, members: [...seated.members] };
    const { reads, committees, token } = world;
    const session = await open(world);
    const leaver = world.members[2]!;
    const cap = await capOf(world, leaver);
    await committees.connect(leaver.operator).resign();
    const joiner = await seatMember(world);
    const before = await token.balanceOf(leaver.operator.address);
    await claim(world, session, leaver, BUDGET);
    expect((await token.balanceOf(leaver.operator.address)) - before).to.equal(cap);
    await expect(claim(world, session, joiner, 10n))
      .to.be.revertedWithCustomError(reads, "ReadSessions_NotSeated")
      .withArgs(session.id, joiner.seat);
    const now = [...(await committees.owners(0n))];
    await expect(claim(world, { ...session, owners: now }, joiner, 10n))
      .to.be.revertedWithCustomError(reads, "ReadSessions_WrongTable")
      .withArgs(session.id);
  });

  it("takes vouchers of a key of the owner's choice, and of a contract (READ-6)", async () => {
    const world = await networkHelpers.loadFixture(ten);
    const { reads, members } = world;
    const key = Wallet.createRandom();
    const byKey = await open(world, key.address);
    await claim(world, byKey, members[0]!, 10n, key);
    await expect(claim(world, byKey, members[1]!, 10n))
      .to.be.revertedWithCustomError(reads, "ReadSessions_InvalidVoucher")
      .withArgs(byKey.id, key.address);
    const account = await (await ethers.getContractFactory("ContractWallet")).deploy(key.address);
    const byContract = await open(world, await account.getAddress());
    await claim(world, byContract, members[0]!, 10n, key);
    await account.getFunction("answerWith")("0xffffffff");
    await expect(claim(world, byContract, members[0]!, 20n, key)).to.be.revertedWithCustomError(
      reads,
      "ReadSessions_InvalidVoucher",
    );
  });

  it("says what it costs", async () => {
    const world = await networkHelpers.loadFixture(ten);
    await open(world);
    await gas.record("open", world.reads.open(0n, BUDGET, DAY, ZeroAddress));
    await gas.record("claim", claim(world, await open(world), world.members[0]!, 10n));
  });
});
