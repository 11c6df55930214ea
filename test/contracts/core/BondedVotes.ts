import { expect } from "chai";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployBonds, slashOrder } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Bonds");

const deploy = () => deployBonds(ethers);

describe("BondedVotes", () => {
  it("follows the token's delegate through deposit, slash and withdrawal (BOND-7)", async () => {
    const { token, bonds, operator, other, module, ...rest } = await networkHelpers.loadFixture(deploy);
    await token.connect(operator).delegate(other.address);
    await bonds.connect(operator).deposit(operator.address, 1_000n);
    expect(await bonds.getVotes(other.address)).to.equal(1_000n);
    expect(await token.getVotes(other.address)).to.equal(9_000n);
    await bonds.connect(operator).allocate(module.address, 600n);
    await bonds.connect(operator).unbond(module.address, 100n);
    expect(await bonds.getVotes(other.address)).to.equal(1_000n);
    const all = { token, bonds, operator, other, module, ...rest };
    await bonds.connect(module).slash(slashOrder(all, { amount: 550n }));
    expect(await bonds.getVotes(other.address)).to.equal(450n);
    await bonds.connect(operator).withdraw(400n, operator.address);
    expect(await bonds.getVotes(other.address)).to.equal(50n);
    expect(await token.getVotes(other.address)).to.equal(9_400n);
  });

  it("moves with the token's delegate once anyone syncs, and can't be delegated here", async () => {
    const { token, bonds, operator, other, victim } = await networkHelpers.loadFixture(deploy);
    await bonds.connect(operator).deposit(operator.address, 1_000n);
    expect(await bonds.getVotes(other.address)).to.equal(0n);
    await token.connect(operator).delegate(other.address);
    await gas.record("syncDelegation", bonds.connect(victim).syncDelegation(operator.address));
    expect(await bonds.getVotes(other.address)).to.equal(1_000n);
    await token.connect(operator).delegate(victim.address);
    await bonds.syncDelegation(operator.address);
    expect(await bonds.getVotes(other.address)).to.equal(0n);
    expect(await bonds.getVotes(victim.address)).to.equal(1_000n);
    const past = await networkHelpers.time.latest();
    await networkHelpers.mine();
    expect(await bonds.getPastVotes(victim.address, past)).to.equal(1_000n);
    expect(await bonds.getPastTotalSupply(past)).to.equal(1_000n);
    expect(await bonds.CLOCK_MODE()).to.equal("mode=timestamp");
    const zero = ethers.ZeroHash;
    for (const own of [
      () => bonds.connect(operator).delegate(other.address),
      () => bonds.delegateBySig(other.address, 0n, 2n ** 40n, 27, zero, zero),
    ]) {
      await expect(own())
        .to.be.revertedWithCustomError(bonds, "Bonds_DelegateOnToken")
        .withArgs(await token.getAddress());
    }
  });
});
