import { expect } from "chai";
import { network } from "hardhat";
import {
  ANSWER_WINDOW,
  bondUp,
  DEPOSIT,
  deployCommittees,
  enterAs,
  fulfil,
  nextEpoch,
  request,
} from "./committees.ts";

const { ethers, networkHelpers } = await network.create();

/** Two members, the second with a signer of its own, and a challenger with money for ten deposits. */
async function deploy() {
  const fixture = await deployCommittees(ethers);
  const [quiet, busy, hot, challenger] = (await ethers.getSigners()).slice(5);
  await nextEpoch(networkHelpers);
  await enterAs(fixture, networkHelpers, quiet!, 1);
  await bondUp(fixture, busy!);
  await request(fixture, busy!, 2, hot!.address);
  await fulfil(fixture, networkHelpers, busy!);
  await fixture.committees.enter(busy!.address);
  await fixture.token.mint(challenger!.address, 10n * DEPOSIT);
  await fixture.token.connect(challenger!).approve(await fixture.committees.getAddress(), 10n * DEPOSIT);
  return { ...fixture, quiet: quiet!, busy: busy!, hot: hot!, challenger: challenger! };
}

describe("Absence", () => {
  it("is asked for with a deposit, once at a time, of members alone (ABSENCE-1)", async () => {
    const { committees, token, quiet, challenger } = await networkHelpers.loadFixture(deploy);
    const asked = await committees.connect(challenger).challenge(quiet.address);
    const deadline = BigInt(await networkHelpers.time.latest()) + ANSWER_WINDOW;
    await expect(asked)
      .to.emit(committees, "MemberChallenged")
      .withArgs(quiet.address, challenger.address, DEPOSIT, deadline);
    await expect(asked).to.changeTokenBalances(ethers, token, [challenger, committees], [-DEPOSIT, DEPOSIT]);
    expect(await committees.challengeOf(quiet.address)).to.deep.equal([
      challenger.address,
      deadline,
      DEPOSIT,
    ]);
    await expect(committees.connect(challenger).challenge(quiet.address))
      .to.be.revertedWithCustomError(committees, "Absence_AlreadyChallenged")
      .withArgs(quiet.address, deadline);
    await expect(committees.connect(challenger).challenge(challenger.address)).to.be.revertedWithCustomError(
      committees,
      "Committees_NotMember",
    );
  });

  it("is denied by the operator or its signer until the last second, and that earns the deposit (ABSENCE-2)", async () => {
    const { committees, token, quiet, busy, hot, challenger } = await networkHelpers.loadFixture(deploy);
    await committees.connect(challenger).challenge(busy.address);
    for (const stranger of [quiet, challenger])
      await expect(committees.connect(stranger).answer(busy.address))
        .to.be.revertedWithCustomError(committees, "Absence_NotTheMember")
        .withArgs(busy.address, stranger.address);
    const { deadline } = await committees.challengeOf(busy.address);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(committees.connect(hot).answer(busy.address))
      .to.emit(committees, "ChallengeAnswered")
      .withArgs(busy.address, challenger.address, DEPOSIT);
    await expect(committees.connect(busy).answer(busy.address)).to.be.revertedWithCustomError(
      committees,
      "Absence_NotChallenged",
    );
    // Challenging whoever is there enriches it, as often as one likes.
    for (let again = 0; again < 3; again++) {
      await committees.connect(challenger).challenge(busy.address);
      await committees.connect(busy).answer(busy.address);
    }
    expect(await committees.owed(busy.address)).to.equal(4n * DEPOSIT);
    await expect(committees.connect(busy).collect(busy.address)).to.changeTokenBalances(
      ethers,
      token,
      [busy, committees],
      [4n * DEPOSIT, -4n * DEPOSIT],
    );
    expect(await committees.totalHeld()).to.equal(0n);
    expect((await committees.seatOf(busy.address))[1]).to.equal(2n);
  });

  it("costs the place of who is silent, and gives the challenger its deposit back (ABSENCE-3)", async () => {
    const { committees, token, quiet, challenger } = await networkHelpers.loadFixture(deploy);
    await committees.connect(challenger).challenge(quiet.address);
    const { deadline } = await committees.challengeOf(quiet.address);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(committees.expel(quiet.address))
      .to.be.revertedWithCustomError(committees, "Absence_StillTime")
      .withArgs(quiet.address, deadline);
    await networkHelpers.time.increaseTo(deadline + 1n);
    await expect(committees.connect(quiet).answer(quiet.address))
      .to.be.revertedWithCustomError(committees, "Absence_TooLate")
      .withArgs(quiet.address, deadline);
    const gone = await committees.expel(quiet.address);
    await expect(gone).to.emit(committees, "MemberLeft").withArgs(0n, 1n, quiet.address);
    await expect(gone)
      .to.emit(committees, "ChallengeReturned")
      .withArgs(quiet.address, challenger.address, DEPOSIT);
    await expect(committees.connect(challenger).collect(challenger.address)).to.changeTokenBalances(
      ethers,
      token,
      [challenger, committees],
      [DEPOSIT, -DEPOSIT],
    );
    await expect(committees.expel(quiet.address)).to.be.revertedWithCustomError(
      committees,
      "Absence_NotChallenged",
    );
  });

  it("ends with whoever leaves under it, and the deposits stay covered (ABSENCE-4)", async () => {
    const { committees, token, bonds, module, quiet, busy, challenger } =
      await networkHelpers.loadFixture(deploy);
    await committees.connect(challenger).challenge(quiet.address);
    await committees.connect(challenger).challenge(busy.address);
    await committees.connect(quiet).resign();
    await bonds.connect(busy).unbond(module.address, 1n);
    await committees.evict(busy.address);
    expect(await committees.owed(challenger.address)).to.equal(2n * DEPOSIT);
    expect(await committees.totalHeld()).to.equal(2n * DEPOSIT);
    expect(await token.balanceOf(await committees.getAddress())).to.equal(2n * DEPOSIT);
    expect((await committees.challengeOf(busy.address)).challenger).to.equal(ethers.ZeroAddress);
    await committees.connect(challenger).collect(challenger.address);
    expect(await committees.connect(challenger).collect.staticCall(challenger.address)).to.equal(0n);
  });
});
