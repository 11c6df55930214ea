import { expect } from "chai";
import { gasSnapshot } from "../gasSnapshot.ts";
import { deployEmptyMarket, ethers, MYC, networkHelpers, type Signer } from "./market.ts";

const { loadFixture } = networkHelpers;
const gas = gasSnapshot(new URL("./gas.json", import.meta.url), "Ledger");

/** A ledger of its own, with an account that plays a module. */
async function deployLedger() {
  const { ledger, token, user, provider, stranger, crowd } = await deployEmptyMarket();
  await ledger.connect(user).deposit(user.address, 10n * MYC);
  return { ledger, token, user, other: provider, stranger, module: crowd[0]! };
}

describe("Ledger", () => {
  describe("accounts", () => {
    it("prepays for anyone out of the caller's tokens (LEDGER-1)", async () => {
      const { ledger, token, user, other } = await loadFixture(deployLedger);
      const deposit = ledger.connect(user).deposit(other.address, 3n * MYC);
      await expect(deposit)
        .to.emit(ledger, "Deposited")
        .withArgs(other.address, user.address, 3n * MYC);
      await gas.record("deposit", deposit);
      expect(await ledger.balanceOf(other.address)).to.equal(3n * MYC);
      expect(await ledger.totalHeld()).to.equal(13n * MYC);
      expect(await token.balanceOf(ledger)).to.equal(13n * MYC);
      expect(await ledger.token()).to.equal(await token.getAddress());
    });

    it("gives the unlocked balance back, and no more (LEDGER-1)", async () => {
      const { ledger, token, user, other } = await loadFixture(deployLedger);
      await expect(ledger.connect(user).withdraw(4n * MYC, other.address))
        .to.emit(ledger, "Withdrawn")
        .withArgs(user.address, other.address, 4n * MYC);
      expect(await token.balanceOf(other.address)).to.equal(10_004n * MYC);
      expect(await ledger.totalHeld()).to.equal(6n * MYC);
      await expect(ledger.connect(user).withdraw(6n * MYC + 1n, user.address))
        .to.be.revertedWithCustomError(ledger, "Ledger_InsufficientBalance")
        .withArgs(user.address, 6n * MYC, 6n * MYC + 1n);
    });

    it("refuses nothing and nobody", async () => {
      const { ledger, user } = await loadFixture(deployLedger);
      const mine = ledger.connect(user);
      await expect(mine.deposit(user.address, 0n)).to.be.revertedWithCustomError(ledger, "Ledger_ZeroAmount");
      await expect(mine.withdraw(0n, user.address)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_ZeroAmount",
      );
      await expect(mine.deposit(ethers.ZeroAddress, 1n)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_ZeroAddress",
      );
      await expect(mine.withdraw(1n, ethers.ZeroAddress)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_ZeroAddress",
      );
    });
  });

  describe("modules", () => {
    async function locked(amount = 6n * MYC) {
      const parties = await loadFixture(deployLedger);
      await parties.ledger.connect(parties.user).authorise(parties.module.address, true);
      await parties.ledger.connect(parties.module).lock(parties.user.address, amount);
      return parties;
    }

    it("lock only what an account has opened to them (LEDGER-2)", async () => {
      const { ledger, user, module, stranger } = await loadFixture(deployLedger);
      await expect(ledger.connect(module).lock(user.address, 1n))
        .to.be.revertedWithCustomError(ledger, "Ledger_NotAuthorised")
        .withArgs(user.address, module.address);
      await expect(ledger.connect(user).authorise(module.address, true))
        .to.emit(ledger, "ModuleAuthorised")
        .withArgs(user.address, module.address, true);
      await expect(ledger.connect(stranger).lock(user.address, 1n)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_NotAuthorised",
      );
      await expect(ledger.connect(module).lock(user.address, 11n * MYC)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_InsufficientBalance",
      );
      await expect(ledger.connect(module).lock(user.address, 2n * MYC))
        .to.emit(ledger, "Locked")
        .withArgs(module.address, user.address, 2n * MYC);
    });

    it("keep their locks when they lose the account, and get no new ones (LEDGER-2)", async () => {
      const { ledger, user, other, module } = await locked();
      await ledger.connect(user).authorise(module.address, false);
      await expect(ledger.connect(module).lock(user.address, 1n)).to.be.revertedWithCustomError(
        ledger,
        "Ledger_NotAuthorised",
      );
      await ledger.connect(module).pay(user.address, other.address, MYC);
      await ledger.connect(module).unlock(user.address, 5n * MYC);
      expect(await ledger.lockedOf(module.address, user.address)).to.equal(0n);
    });

    it("pay inside, pay out and give back exactly what they hold (LEDGER-3)", async () => {
      const { ledger, token, user, other, stranger, module } = await locked();
      const asModule = ledger.connect(module);
      await expect(asModule.pay(user.address, other.address, MYC))
        .to.emit(ledger, "Paid")
        .withArgs(module.address, user.address, other.address, MYC);
      await expect(asModule.payOut(user.address, stranger.address, 2n * MYC))
        .to.emit(ledger, "PaidOut")
        .withArgs(module.address, user.address, stranger.address, 2n * MYC);
      await expect(asModule.unlock(user.address, 3n * MYC))
        .to.emit(ledger, "Unlocked")
        .withArgs(module.address, user.address, 3n * MYC);
      expect(await ledger.balanceOf(user.address)).to.equal(7n * MYC);
      expect(await ledger.balanceOf(other.address)).to.equal(MYC);
      expect(await token.balanceOf(stranger.address)).to.equal(10_002n * MYC);
      expect(await ledger.totalHeld()).to.equal(8n * MYC);
      expect(await token.balanceOf(ledger)).to.equal(8n * MYC);
    });

    it("can't touch another module's locks, or more than their own (LEDGER-3)", async () => {
      const { ledger, user, stranger, module } = await locked();
      await ledger.connect(user).authorise(stranger.address, true);
      const tries = (by: Signer, amount: bigint) => [
        ledger.connect(by).unlock(user.address, amount),
        ledger.connect(by).pay(user.address, by.address, amount),
        ledger.connect(by).payOut(user.address, by.address, amount),
      ];
      for (const attempt of tries(stranger, 1n)) {
        await expect(attempt)
          .to.be.revertedWithCustomError(ledger, "Ledger_InsufficientLock")
          .withArgs(stranger.address, user.address, 0n, 1n);
      }
      for (const attempt of tries(module, 6n * MYC + 1n)) {
        await expect(attempt)
          .to.be.revertedWithCustomError(ledger, "Ledger_InsufficientLock")
          .withArgs(module.address, user.address, 6n * MYC, 6n * MYC + 1n);
      }
    });

    it("can't be withdrawn under (LEDGER-1)", async () => {
      const { ledger, user } = await locked();
      await expect(ledger.connect(user).withdraw(5n * MYC, user.address))
        .to.be.revertedWithCustomError(ledger, "Ledger_InsufficientBalance")
        .withArgs(user.address, 4n * MYC, 5n * MYC);
    });

    it("refuse nothing and nobody", async () => {
      const { ledger, user, module } = await locked();
      const asModule = ledger.connect(module);
      for (const attempt of [
        asModule.lock(user.address, 0n),
        asModule.unlock(user.address, 0n),
        asModule.pay(user.address, user.address, 0n),
        asModule.payOut(user.address, user.address, 0n),
      ]) {
        await expect(attempt).to.be.revertedWithCustomError(ledger, "Ledger_ZeroAmount");
      }
      for (const attempt of [
        asModule.pay(user.address, ethers.ZeroAddress, 1n),
        asModule.payOut(user.address, ethers.ZeroAddress, 1n),
      ]) {
        await expect(attempt).to.be.revertedWithCustomError(ledger, "Ledger_ZeroAddress");
      }
    });
  });

  describe("with a token that misbehaves", () => {
    it("lets nobody in twice (LEDGER-1)", async () => {
      const { deployer } = await loadFixture(deployEmptyMarket);
      const token = await ethers.deployContract("ReentrantToken");
      const ledger = await (await ethers.getContractFactory("Ledger")).deploy(token);
      const [place, thief] = [await ledger.getAddress(), await token.getAddress()];
      const calls = ledger.interface;
      await token.getFunction("approve")(place, 10n * MYC);
      await token.getFunction("approveAs")(place);
      await ledger.deposit(deployer.address, MYC);
      await token.getFunction("act")(place, calls.encodeFunctionData("deposit", [thief, MYC]));
      for (const attack of [
        calls.encodeFunctionData("withdraw", [MYC, thief]),
        calls.encodeFunctionData("deposit", [thief, 1n]),
        calls.encodeFunctionData("payOut", [thief, thief, 1n]),
      ]) {
        await token.getFunction("aim")(place, attack);
        await ledger.deposit(deployer.address, 10n);
        await ledger.withdraw(10n, deployer.address);
        expect(await token.getFunction("succeeded")()).to.equal(false);
        expect(await token.getFunction("outcome")()).to.equal(
          ethers.id("ReentrancyGuardReentrantCall()").slice(0, 10),
        );
      }
      expect(await ledger.totalHeld()).to.equal(2n * MYC);
      expect(await token.getFunction("balanceOf")(place)).to.equal(2n * MYC);
    });

    it("credits what arrives (LEDGER-1)", async () => {
      const { deployer } = await loadFixture(deployEmptyMarket);
      const token = await ethers.deployContract("FeeOnTransferToken");
      const ledger = await (await ethers.getContractFactory("Ledger")).deploy(token);
      await token.getFunction("approve")(await ledger.getAddress(), 100n);
      await ledger.deposit(deployer.address, 100n);
      expect(await ledger.balanceOf(deployer.address)).to.equal(99n);
      expect(await token.getFunction("balanceOf")(await ledger.getAddress())).to.equal(
        await ledger.totalHeld(),
      );
    });
  });

  it("has nobody who could move an account's money (LEDGER-2)", async () => {
    const { ledger } = await loadFixture(deployLedger);
    const writes = ledger.interface.fragments
      .filter((fragment) => fragment.type === "function" && !("constant" in fragment && fragment.constant))
      .map((fragment) => ("name" in fragment ? fragment.name : ""));
    expect(writes).to.have.members(["authorise", "deposit", "lock", "pay", "payOut", "unlock", "withdraw"]);
  });
});
