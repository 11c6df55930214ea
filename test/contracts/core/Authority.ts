import { expect } from "chai";
import { encodeBytes32String, id } from "ethers";
import { network } from "hardhat";

const { ethers, networkHelpers } = await network.create();
const DELAY = 2n * 86_400n;
const NAME = encodeBytes32String("beacon.tip");
const BOUNDS = { min: 0n, max: 100n, maxStep: 100n, cooldown: 0n };

/** The timelock is the only administrator; the deployer keeps nothing. */
async function deploy() {
  const [deployer, proposer, stranger] = await ethers.getSigners();
  const timelock = await (await ethers.getContractFactory("Timelock")).deploy(
    DELAY,
    [proposer!.address],
    [ethers.ZeroAddress],
  );
  const authority = await (await ethers.getContractFactory("Authority")).deploy(deployer!.address);
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(
    await authority.getAddress(),
    3_600n,
  );
  await parameters.introduce(NAME, 50n, BOUNDS);
  const admin = await authority.ADMIN_ROLE();
  await authority.grantRole(admin, await timelock.getAddress(), 0);
  await authority.renounceRole(admin, deployer!.address);
  return { timelock, authority, parameters, deployer: deployer!, proposer: proposer!, stranger: stranger! };
}

describe("Authority and Timelock", () => {
  it("let only the timelock call what is restricted", async () => {
    const { parameters, authority, deployer, proposer, stranger } = await networkHelpers.loadFixture(deploy);
    for (const caller of [deployer, proposer, stranger]) {
      await expect(parameters.connect(caller).set(NAME, 60n))
        .to.be.revertedWithCustomError(parameters, "AccessManagedUnauthorized")
        .withArgs(caller.address);
      await expect(authority.connect(caller).grantRole(0n, caller.address, 0)).to.be.revertedWithCustomError(
        authority,
        "AccessManagerUnauthorizedAccount",
      );
      await expect(
        authority.connect(caller).updateAuthority(await parameters.getAddress(), caller.address),
      ).to.be.revertedWithCustomError(authority, "AccessManagerUnauthorizedAccount");
    }
  });

  it("let the timelock call, once the delay has passed, by anyone's hand", async () => {
    const { timelock, parameters, proposer, stranger } = await networkHelpers.loadFixture(deploy);
    const target = await parameters.getAddress();
    const data = parameters.interface.encodeFunctionData("set", [NAME, 60n]);
    const salt = id("first");
    const call = [target, 0n, data, ethers.ZeroHash, salt] as const;
    await expect(timelock.connect(stranger).schedule(...call, DELAY)).to.be.revertedWithCustomError(
      timelock,
      "AccessControlUnauthorizedAccount",
    );
    await expect(timelock.connect(proposer).schedule(...call, DELAY - 1n)).to.be.revertedWithCustomError(
      timelock,
      "TimelockInsufficientDelay",
    );
    await timelock.connect(proposer).schedule(...call, DELAY);
    await expect(timelock.connect(proposer).execute(...call)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
    await networkHelpers.time.increase(DELAY);
    await timelock.connect(stranger).execute(...call);
    expect((await parameters.describe(NAME)).next).to.equal(60n);
  });

  it("leave the timelock to itself", async () => {
    const { timelock, deployer, proposer } = await networkHelpers.loadFixture(deploy);
    const admin = await timelock.DEFAULT_ADMIN_ROLE();
    expect(await timelock.hasRole(admin, await timelock.getAddress())).to.equal(true);
    expect(await timelock.hasRole(admin, deployer.address)).to.equal(false);
    await expect(timelock.connect(proposer).updateDelay(0n)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnauthorizedCaller",
    );
  });
});
