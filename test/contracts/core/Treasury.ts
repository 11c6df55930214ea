import { expect } from "chai";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployBonds } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Treasury");

/** A treasury that holds 500 wei of the token. */
async function deploy() {
  const all = await deployBonds(ethers);
  await all.token.connect(all.operator).transfer(await all.treasury.getAddress(), 500n);
  return all;
}

describe("Treasury", () => {
  it("releases by the DAO's word alone, to the wei", async () => {
    const { treasury, token, other, operator } = await networkHelpers.loadFixture(deploy);
    const mycelia = await token.getAddress();
    await expect(treasury.connect(operator).release(mycelia, operator.address, 1n))
      .to.be.revertedWithCustomError(treasury, "AccessManagedUnauthorized")
      .withArgs(operator.address);
    const sent = treasury.release(mycelia, other.address, 200n);
    await expect(sent).to.emit(treasury, "TreasuryReleased").withArgs(mycelia, other.address, 200n);
    await gas.record("release", sent);
    expect(await token.balanceOf(other.address)).to.equal(200n);
    expect(await token.balanceOf(await treasury.getAddress())).to.equal(300n);
  });

  it("refuses nobody, more than it holds, and coins that could never leave", async () => {
    const { treasury, token, other, dao } = await networkHelpers.loadFixture(deploy);
    const mycelia = await token.getAddress();
    await expect(treasury.release(mycelia, ethers.ZeroAddress, 1n)).to.be.revertedWithCustomError(
      treasury,
      "Treasury_ZeroReceiver",
    );
    await expect(treasury.release(mycelia, other.address, 501n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientBalance",
    );
    await expect(dao.sendTransaction({ to: await treasury.getAddress(), value: 1n })).to.be.rejected;
  });

  it("releases a token that keeps a fee", async () => {
    const { treasury, other } = await networkHelpers.loadFixture(deploy);
    const token = await ethers.deployContract("FeeOnTransferToken");
    await token.getFunction("transfer")(await treasury.getAddress(), 1_000n);
    await treasury.release(await token.getAddress(), other.address, 990n);
    expect(await token.getFunction("balanceOf")(other.address)).to.equal(981n);
  });
});
