import { expect } from "chai";
import { ethers as lib } from "ethers";
import { network } from "hardhat";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployBonds, EVIDENCE, slashOrder, UNBOND_DELAY } from "./fixtures.ts";

const { ethers, networkHelpers } = await network.create();
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Bonds");

const deploy = () => deployBonds(ethers);

/** 1,000 wei bonded, 600 of it allocated to the module. */
async function deployAllocated() {
  const all = await deployBonds(ethers);
  await all.bonds.connect(all.operator).deposit(all.operator.address, 1_000n);
  await all.bonds.connect(all.operator).allocate(all.module.address, 600n);
  return all;
}

describe("Bonds", () => {
  describe("deposit and withdraw", () => {
    it("bonds for anyone and gives free bond back", async () => {
      const { token, bonds, operator, other } = await networkHelpers.loadFixture(deploy);
      const sent = bonds.connect(operator).deposit(other.address, 1_000n);
      await expect(sent).to.emit(bonds, "BondDeposited").withArgs(other.address, operator.address, 1_000n);
      await gas.record("deposit", sent);
      expect(await bonds.free(other.address)).to.equal(1_000n);
      await gas.record("withdraw", bonds.connect(other).withdraw(1_000n, other.address));
      expect(await token.balanceOf(other.address)).to.equal(1_000n);
      expect(await bonds.bonded(other.address)).to.equal(0n);
      expect(await bonds.totalHeld()).to.equal(0n);
    });

    it("gives out free bond only, to its owner only", async () => {
      const { bonds, operator, other } = await networkHelpers.loadFixture(deployAllocated);
      await expect(bonds.connect(operator).withdraw(401n, operator.address))
        .to.be.revertedWithCustomError(bonds, "Bonds_InsufficientFree")
        .withArgs(operator.address, 400n, 401n);
      await expect(bonds.connect(other).withdraw(1n, other.address))
        .to.be.revertedWithCustomError(bonds, "Bonds_InsufficientFree")
        .withArgs(other.address, 0n, 1n);
      await expect(bonds.connect(operator).withdraw(0n, operator.address)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_ZeroAmount",
      );
    });

    it("refuses nothing, and a bond for nobody", async () => {
      const { bonds, operator } = await networkHelpers.loadFixture(deploy);
      await expect(bonds.connect(operator).deposit(operator.address, 0n)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_ZeroAmount",
      );
      await expect(bonds.connect(operator).deposit(ethers.ZeroAddress, 1n)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_ZeroAddress",
      );
    });

    it("takes a permit, also one that somebody else has submitted before", async () => {
      const { token, bonds, dao, operator, other } = await networkHelpers.loadFixture(deploy);
      await token.mint(other.address, 20n);
      const spender = await bonds.getAddress();
      for (const frontRun of [false, true]) {
        const deadline = BigInt(await networkHelpers.time.latest()) + 60n;
        const signature = await other.signTypedData(
          {
            name: "Mycelia",
            version: "1",
            chainId: (await ethers.provider.getNetwork()).chainId,
            verifyingContract: await token.getAddress(),
          },
          {
            Permit: [
              "owner:address",
              "spender:address",
              "value:uint256",
              "nonce:uint256",
              "deadline:uint256",
            ].map((field) => ({ name: field.split(":")[0]!, type: field.split(":")[1]! })),
          },
          { owner: other.address, spender, value: 10n, nonce: await token.nonces(other.address), deadline },
        );
        const { v, r, s } = lib.Signature.from(signature);
        if (frontRun) await token.connect(dao).permit(other.address, spender, 10n, deadline, v, r, s);
        await bonds.connect(other).depositWithPermit(operator.address, 10n, deadline, v, r, s);
      }
      expect(await bonds.free(operator.address)).to.equal(20n);
    });
  });

  describe("allocate, unbond and release", () => {
    it("moves bond in, out after the delay, and never twice (BOND-5)", async () => {
      const { bonds, operator, module, other } = await networkHelpers.loadFixture(deployAllocated);
      await gas.record("unbond", bonds.connect(operator).unbond(module.address, 200n));
      const releasableAt = BigInt(await networkHelpers.time.latest()) + UNBOND_DELAY;
      expect(await bonds.allocated(operator.address, module.address)).to.equal(400n);
      expect(await bonds.slashable(operator.address, module.address)).to.equal(600n);
      expect(await bonds.unbonding(operator.address, module.address)).to.deep.equal([200n, releasableAt]);

      await networkHelpers.time.setNextBlockTimestamp(releasableAt - 1n);
      await expect(bonds.connect(other).release(operator.address, module.address))
        .to.be.revertedWithCustomError(bonds, "Bonds_StillUnbonding")
        .withArgs(operator.address, module.address, releasableAt);
      await networkHelpers.time.setNextBlockTimestamp(releasableAt);
      await gas.record("release", bonds.connect(other).release(operator.address, module.address));
      expect(await bonds.free(operator.address)).to.equal(600n);
      await expect(bonds.connect(other).release(operator.address, module.address))
        .to.be.revertedWithCustomError(bonds, "Bonds_NothingUnbonding")
        .withArgs(operator.address, module.address);
    });

    it("restarts the delay for the whole when more is unbonded (BOND-6)", async () => {
      const { bonds, operator, module } = await networkHelpers.loadFixture(deployAllocated);
      await bonds.connect(operator).unbond(module.address, 200n);
      await networkHelpers.time.increase(UNBOND_DELAY);
      await bonds.connect(operator).unbond(module.address, 1n);
      await expect(bonds.release(operator.address, module.address)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_StillUnbonding",
      );
    });

    it("refuses more than there is, nothing, and nowhere", async () => {
      const { bonds, operator, module } = await networkHelpers.loadFixture(deployAllocated);
      const own = bonds.connect(operator);
      await expect(own.allocate(module.address, 401n))
        .to.be.revertedWithCustomError(bonds, "Bonds_InsufficientFree")
        .withArgs(operator.address, 400n, 401n);
      await expect(own.unbond(module.address, 601n))
        .to.be.revertedWithCustomError(bonds, "Bonds_InsufficientAllocation")
        .withArgs(operator.address, module.address, 600n, 601n);
      for (const empty of [() => own.allocate(module.address, 0n), () => own.unbond(module.address, 0n)]) {
        await expect(empty()).to.be.revertedWithCustomError(bonds, "Bonds_ZeroAmount");
      }
      await expect(own.allocate(ethers.ZeroAddress, 1n)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_ZeroAddress",
      );
      await gas.record("allocate", own.allocate(module.address, 400n));
    });
  });

  describe("slash", () => {
    it("pays victim, reporter and treasury in that order, to the wei (BOND-2)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { token, bonds, treasury, operator, module, victim, reporter } = all;
      const sent = bonds.connect(module).slash(slashOrder(all));
      await expect(sent)
        .to.emit(bonds, "BondSlashed")
        .withArgs(operator.address, module.address, EVIDENCE, 100n, 50n, 150n);
      await gas.record("slash", sent);
      expect(await bonds.allocated(operator.address, module.address)).to.equal(300n);
      expect(await token.balanceOf(await treasury.getAddress())).to.equal(150n);
      expect(await bonds.totalHeld()).to.equal(850n);
      await gas.record("collect", bonds.connect(victim).collect(victim.address));
      await bonds.connect(reporter).collect(victim.address);
      expect(await token.balanceOf(victim.address)).to.equal(150n);
      await bonds.connect(victim).collect(victim.address);
      expect(await token.balanceOf(victim.address)).to.equal(150n);
      expect(await bonds.totalHeld()).to.equal(700n);
    });

    it("serves the victim before the reporters when the cut is short (BOND-2)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { bonds, module, victim, reporter } = all;
      await bonds.connect(module).slash(slashOrder(all, { amount: 120n, victimAmount: 100n }));
      expect(await bonds.owed(victim.address)).to.equal(100n);
      expect(await bonds.owed(reporter.address)).to.equal(20n);
      await bonds.connect(module).slash(slashOrder(all, { amount: 90n, victimAmount: 100n }));
      expect(await bonds.owed(victim.address)).to.equal(190n);
      expect(await bonds.owed(reporter.address)).to.equal(20n);
    });

    it("never gives reporters the whole cut (BOND-3)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { token, bonds, treasury, module, reporter } = all;
      const greedy = { victim: ethers.ZeroAddress, amount: 300n, reporterAmount: 10n ** 30n };
      await bonds.connect(module).slash(slashOrder(all, greedy));
      expect(await bonds.owed(reporter.address)).to.equal(299n);
      expect(await token.balanceOf(await treasury.getAddress())).to.equal(1n);
      await bonds.connect(module).slash(slashOrder(all, { ...greedy, amount: 1n }));
      expect(await bonds.owed(reporter.address)).to.equal(299n);
    });

    it("is not griefed by reporters: equal shares, dust and nobody's share to treasury (BOND-4)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { token, bonds, treasury, module, reporter, other, victim } = all;
      const reporters = [reporter.address, ethers.ZeroAddress, other.address];
      const shares = { victim: ethers.ZeroAddress, reporters, reporterAmount: 100n };
      await bonds.connect(module).slash(slashOrder(all, shares));
      expect(await bonds.owed(reporter.address)).to.equal(33n);
      expect(await bonds.owed(other.address)).to.equal(33n);
      expect(await bonds.owed(ethers.ZeroAddress)).to.equal(0n);
      expect(await token.balanceOf(await treasury.getAddress())).to.equal(234n);
      await bonds.connect(module).slash(slashOrder(all, { reporters: [], amount: 10n, victimAmount: 4n }));
      expect(await bonds.owed(victim.address)).to.equal(4n);
      expect(await token.balanceOf(await treasury.getAddress())).to.equal(240n);
      const crowd = Array.from({ length: 33 }, (_, i) => lib.toBeHex(i + 1, 20));
      await expect(bonds.connect(module).slash(slashOrder(all, { reporters: crowd })))
        .to.be.revertedWithCustomError(bonds, "Bonds_TooManyReporters")
        .withArgs(33n, 32n);
      await gas.record(
        "slash with 32 reporters",
        bonds.connect(module).slash(slashOrder(all, { reporters: crowd.slice(1), reporterAmount: 64n })),
      );
    });

    it("cuts the active part first, then what is unbonding, then nothing (BOND-1)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { bonds, operator, module } = all;
      await bonds.connect(operator).unbond(module.address, 500n);
      await bonds.connect(module).slash(slashOrder(all, { amount: 250n }));
      expect(await bonds.allocated(operator.address, module.address)).to.equal(0n);
      expect((await bonds.unbonding(operator.address, module.address)).amount).to.equal(350n);

      await networkHelpers.time.increase(UNBOND_DELAY);
      expect(await bonds.connect(module).slash.staticCall(slashOrder(all, { amount: 9_999n }))).to.equal(
        350n,
      );
      await bonds.connect(module).slash(slashOrder(all, { amount: 9_999n }));
      expect(await bonds.slashable(operator.address, module.address)).to.equal(0n);
      expect(await bonds.bonded(operator.address)).to.equal(400n);
      expect(await bonds.free(operator.address)).to.equal(400n);
      await expect(bonds.release(operator.address, module.address)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_NothingUnbonding",
      );
      expect(await bonds.connect(module).slash.staticCall(slashOrder(all))).to.equal(0n);
    });

    it("reaches only what is allocated to the caller (BOND-1)", async () => {
      const all = await networkHelpers.loadFixture(deployAllocated);
      const { bonds, operator, module, other } = all;
      await bonds.connect(operator).allocate(other.address, 100n);
      await bonds.connect(other).slash(slashOrder(all, { amount: 1_000n }));
      expect(await bonds.allocated(operator.address, module.address)).to.equal(600n);
      expect(await bonds.bonded(operator.address)).to.equal(900n);
      const stranger = all.victim;
      expect(await bonds.connect(stranger).slash.staticCall(slashOrder(all))).to.equal(0n);
    });
  });

  it("refuses to be made over nothing", async () => {
    const { token, treasury, bonds } = await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("Bonds");
    for (const [first, second] of [
      [ethers.ZeroAddress, await treasury.getAddress()],
      [await token.getAddress(), ethers.ZeroAddress],
    ] as const) {
      await expect(factory.deploy(first, second, 1n)).to.be.revertedWithCustomError(
        bonds,
        "Bonds_ZeroAddress",
      );
    }
  });
});
