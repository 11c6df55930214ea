import { expect } from "chai";
import { ethers as lib } from "ethers";
import { network } from "hardhat";
import { deployBonds, EVIDENCE, UNBOND_DELAY } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();

const deploy = () => deployBonds(ethers);

describe("Bonds over hostile tokens", () => {
  it("credits what arrives of a token that keeps a fee (BOND-8)", async () => {
    const { treasury, dao, module } = await networkHelpers.loadFixture(deploy);
    const token = await ethers.deployContract("FeeOnTransferToken");
    const bonds = await (await ethers.getContractFactory("Bonds")).deploy(
      await token.getAddress(),
      await treasury.getAddress(),
      UNBOND_DELAY,
    );
    await token.getFunction("approve")(await bonds.getAddress(), 1_000n);
    await bonds.deposit(dao.address, 1_000n);
    expect(await bonds.free(dao.address)).to.equal(990n);
    await bonds.allocate(module.address, 500n);
    await bonds.connect(module).slash({
      operator: dao.address,
      amount: 300n,
      victim: module.address,
      victimAmount: 200n,
      reporters: [],
      reporterAmount: 0n,
      evidence: EVIDENCE,
    });
    await bonds.connect(module).collect(module.address);
    await bonds.withdraw(490n, dao.address);
    expect(await token.getFunction("balanceOf")(await bonds.getAddress())).to.equal(await bonds.totalHeld());
  });

  it("stands re-entry from every transfer (BOND-8)", async () => {
    const { treasury, dao } = await networkHelpers.loadFixture(deploy);
    const token = await ethers.deployContract("ReentrantToken");
    const thief = await token.getAddress();
    const bonds = await (await ethers.getContractFactory("Bonds")).deploy(
      thief,
      await treasury.getAddress(),
      UNBOND_DELAY,
    );
    const address = await bonds.getAddress();
    const calls = bonds.interface;
    await token.getFunction("approveAs")(address);
    await token.getFunction("approve")(address, 10_000n);
    await bonds.deposit(dao.address, 1_000n);
    await token.getFunction("act")(address, calls.encodeFunctionData("deposit", [thief, 1_000n]));
    const attacks = [
      calls.encodeFunctionData("withdraw", [1_000n, thief]),
      calls.encodeFunctionData("deposit", [thief, 500n]),
      calls.encodeFunctionData("collect", [thief]),
    ];
    for (const attack of attacks) {
      await token.getFunction("aim")(address, attack);
      await bonds.deposit(dao.address, 10n);
      await bonds.withdraw(10n, dao.address);
      expect(await token.getFunction("succeeded")()).to.equal(false);
      expect(await token.getFunction("outcome")()).to.equal(
        lib.id("ReentrancyGuardReentrantCall()").slice(0, 10),
      );
    }
    expect(await bonds.free(dao.address)).to.equal(1_000n);
    expect(await bonds.free(thief)).to.equal(1_000n);
    expect(await token.getFunction("balanceOf")(address)).to.equal(await bonds.totalHeld());
  });
});
