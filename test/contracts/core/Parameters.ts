import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Parameters");
const NAME = encodeBytes32String("audits.reward");
const EPOCH = 3_600n;
const BOUNDS = { min: 10n, max: 100n, maxStep: 20n, cooldown: 600n };

/** A parameter of 50 in the first second of an epoch. */
async function deploy() {
  const [dao, stranger] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const parameters = await (await ethers.getContractFactory("Parameters")).deploy(
    await authority.getAddress(),
    EPOCH,
  );
  await parameters.introduce(NAME, 50n, BOUNDS);
  const start = (BigInt(await networkHelpers.time.latest()) / EPOCH + 1n) * EPOCH;
  await networkHelpers.time.increaseTo(start);
  return { authority, parameters, start, stranger: stranger! };
}

describe("Parameters", () => {
  it("changes a value at the start of the next epoch and not before (PARAM-1)", async () => {
    const { parameters, start } = await networkHelpers.loadFixture(deploy);
    const effectiveAt = start + EPOCH;
    const sent = parameters.set(NAME, 60n);
    await expect(sent).to.emit(parameters, "ParameterSet").withArgs(NAME, 50n, 60n, effectiveAt);
    await gas.record("set", sent);
    expect((await parameters.describe(NAME)).slice(0, 3)).to.deep.equal([50n, 60n, effectiveAt]);
    await networkHelpers.time.increaseTo(effectiveAt - 1n);
    expect(await parameters.get(NAME)).to.equal(50n);
    await networkHelpers.time.increaseTo(effectiveAt);
    expect(await parameters.get(NAME)).to.equal(60n);
    expect((await parameters.describe(NAME)).slice(0, 3)).to.deep.equal([60n, 60n, 0n]);
  });

  it("waits for the next epoch even when it begins with this very block", async () => {
    const { parameters, start } = await networkHelpers.loadFixture(deploy);
    await networkHelpers.time.setNextBlockTimestamp(start + EPOCH);
    await parameters.set(NAME, 60n);
    expect((await parameters.describe(NAME)).effectiveAt).to.equal(start + 2n * EPOCH);
  });

  it("replaces a waiting change once cooled, by a step from the value in force (PARAM-2)", async () => {
    const { parameters } = await networkHelpers.loadFixture(deploy);
    await parameters.set(NAME, 70n);
    const cooledAt = BigInt(await networkHelpers.time.latest()) + BOUNDS.cooldown;
    await networkHelpers.time.setNextBlockTimestamp(cooledAt - 1n);
    await expect(parameters.set(NAME, 60n))
      .to.be.revertedWithCustomError(parameters, "Parameters_CoolingDown")
      .withArgs(NAME, cooledAt);
    await networkHelpers.time.setNextBlockTimestamp(cooledAt);
    await expect(parameters.set(NAME, 71n))
      .to.be.revertedWithCustomError(parameters, "Parameters_StepTooLarge")
      .withArgs(NAME, 50n, 71n, 20n);
    await parameters.set(NAME, 50n);
    await networkHelpers.time.increase(EPOCH);
    expect(await parameters.get(NAME)).to.equal(50n);
  });

  it("keeps the cooldown over an epoch's border", async () => {
    const { parameters, start } = await networkHelpers.loadFixture(deploy);
    await networkHelpers.time.setNextBlockTimestamp(start + EPOCH - 10n);
    await parameters.set(NAME, 60n);
    await networkHelpers.time.setNextBlockTimestamp(start + EPOCH + 1n);
    await expect(parameters.set(NAME, 61n))
      .to.be.revertedWithCustomError(parameters, "Parameters_CoolingDown")
      .withArgs(NAME, start + EPOCH - 10n + BOUNDS.cooldown);
    await networkHelpers.mine();
    expect(await parameters.get(NAME)).to.equal(60n);
  });

  it("never leaves its bounds (PARAM-3)", async () => {
    const { parameters } = await networkHelpers.loadFixture(deploy);
    const other = encodeBytes32String("beacon.tip");
    for (const value of [9n, 101n, 2n ** 128n + 50n]) {
      for (const bad of [
        () => parameters.set(NAME, value),
        () => parameters.introduce(other, value, BOUNDS),
      ]) {
        await expect(bad()).to.be.revertedWithCustomError(parameters, "Parameters_OutOfBounds");
      }
    }
    for (const value of [10n, 100n]) {
      await parameters.introduce(encodeBytes32String(`edge.${value}`), value, BOUNDS);
    }
  });

  it("is defined once, by the DAO alone, and unknown before", async () => {
    const { authority, parameters, stranger } = await networkHelpers.loadFixture(deploy);
    await expect(parameters.introduce(NAME, 60n, { ...BOUNDS, max: 1_000n }))
      .to.be.revertedWithCustomError(parameters, "Parameters_AlreadyDefined")
      .withArgs(NAME);
    const unknown = encodeBytes32String("nobody.knows");
    for (const read of [
      () => parameters.get(unknown),
      () => parameters.describe(unknown),
      () => parameters.set(unknown, 1n),
    ]) {
      await expect(read()).to.be.revertedWithCustomError(parameters, "Parameters_Unknown").withArgs(unknown);
    }
    for (const call of [
      () => parameters.connect(stranger).set(NAME, 60n),
      () => parameters.connect(stranger).introduce(unknown, 60n, BOUNDS),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(parameters, "AccessManagedUnauthorized");
    }
    await expect(
      (await ethers.getContractFactory("Parameters")).deploy(await authority.getAddress(), 0n),
    ).to.be.revertedWithCustomError(parameters, "Parameters_ZeroEpochLength");
  });
});
