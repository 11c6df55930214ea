import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Modules");
const SESSIONS = encodeBytes32String("sessions");
const AUDITS = encodeBytes32String("audits");

async function deploy() {
  const [dao, guardian, first, second, third, stranger] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const modules = await (await ethers.getContractFactory("Modules")).deploy(await authority.getAddress());
  const guardians = 7n;
  await authority.grantRole(guardians, guardian!.address, 0);
  await authority.grantRole(guardians, dao!.address, 0);
  await authority.setTargetFunctionRole(
    await modules.getAddress(),
    [modules.interface.getFunction("stop").selector],
    guardians,
  );
  return { modules, guardian: guardian!, first: first!, second: second!, third: third!, stranger: stranger! };
}

describe("Modules", () => {
  it("gives new business to the newest version and keeps the older ones", async () => {
    const { modules, first, second } = await networkHelpers.loadFixture(deploy);
    expect(await modules.current(SESSIONS)).to.equal(ethers.ZeroAddress);
    await expect(modules.register(SESSIONS, first.address))
      .to.emit(modules, "ModuleRegistered")
      .withArgs(SESSIONS, 1n, first.address);
    expect(await modules.takesNewBusiness(first.address)).to.equal(true);
    await gas.record("register", modules.register(SESSIONS, second.address));
    expect(await modules.current(SESSIONS)).to.equal(second.address);
    expect(await modules.addressOf(SESSIONS, 1n)).to.equal(first.address);
    expect(await modules.versions(SESSIONS)).to.equal(2n);
    expect(await modules.takesNewBusiness(first.address)).to.equal(false);
  });

  it("falls back to the newest version that isn't stopped, and to none", async () => {
    const { modules, guardian, first, second, third } = await networkHelpers.loadFixture(deploy);
    for (const module of [first, second, third]) await modules.register(SESSIONS, module.address);
    const guarded = modules.connect(guardian);
    await guarded.stop(SESSIONS, 2n);
    expect(await modules.current(SESSIONS)).to.equal(third.address);
    await expect(gas.record("stop", guarded.stop(SESSIONS, 3n))).to.be.fulfilled;
    expect(await modules.current(SESSIONS)).to.equal(first.address);
    await guarded.stop(SESSIONS, 1n);
    expect(await modules.current(SESSIONS)).to.equal(ethers.ZeroAddress);
    for (const module of [first, second, third]) {
      expect(await modules.takesNewBusiness(module.address)).to.equal(false);
    }
    expect(await modules.addressOf(SESSIONS, 3n)).to.equal(third.address);
  });

  it("resumes a version by the DAO's word, if no newer one is active", async () => {
    const { modules, guardian, first, second } = await networkHelpers.loadFixture(deploy);
    for (const module of [first, second]) await modules.register(SESSIONS, module.address);
    await modules.connect(guardian).stop(SESSIONS, 1n);
    await modules.connect(guardian).stop(SESSIONS, 2n);
    await expect(modules.resume(SESSIONS, 2n)).to.emit(modules, "NewBusinessResumed").withArgs(SESSIONS, 2n);
    await modules.resume(SESSIONS, 1n);
    expect(await modules.current(SESSIONS)).to.equal(second.address);
    await expect(modules.resume(SESSIONS, 1n))
      .to.be.revertedWithCustomError(modules, "Modules_NotStopped")
      .withArgs(SESSIONS, 1n);
  });

  it("lets the guardian stop and nothing more, and strangers nothing", async () => {
    const { modules, guardian, stranger, first, second } = await networkHelpers.loadFixture(deploy);
    await modules.register(SESSIONS, first.address);
    for (const forbidden of [
      () => modules.connect(guardian).register(SESSIONS, second.address),
      () => modules.connect(guardian).resume(SESSIONS, 1n),
      () => modules.connect(stranger).register(SESSIONS, second.address),
      () => modules.connect(stranger).stop(SESSIONS, 1n),
      () => modules.connect(stranger).resume(SESSIONS, 1n),
    ]) {
      await expect(forbidden()).to.be.revertedWithCustomError(modules, "AccessManagedUnauthorized");
    }
  });

  it("refuses what makes no sense, with the value", async () => {
    const { modules, first } = await networkHelpers.loadFixture(deploy);
    await modules.register(SESSIONS, first.address);
    await expect(modules.register(AUDITS, first.address))
      .to.be.revertedWithCustomError(modules, "Modules_AlreadyRegistered")
      .withArgs(SESSIONS, first.address);
    await expect(modules.register(AUDITS, ethers.ZeroAddress))
      .to.be.revertedWithCustomError(modules, "Modules_ZeroAddress")
      .withArgs(AUDITS);
    for (const version of [0n, 2n]) {
      for (const unknown of [
        () => modules.stop(SESSIONS, version),
        () => modules.resume(SESSIONS, version),
        () => modules.addressOf(SESSIONS, version),
      ]) {
        await expect(unknown())
          .to.be.revertedWithCustomError(modules, "Modules_Unknown")
          .withArgs(SESSIONS, version);
      }
    }
    await modules.stop(SESSIONS, 1n);
    await expect(modules.stop(SESSIONS, 1n))
      .to.be.revertedWithCustomError(modules, "Modules_AlreadyStopped")
      .withArgs(SESSIONS, 1n);
  });
});
