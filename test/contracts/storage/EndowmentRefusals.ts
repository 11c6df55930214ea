import { expect } from "chai";
import { ethers as lib } from "ethers";
import { network } from "hardhat";
import { endowedOn, GIB } from "./endowed.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { deployOver, deploy, epochNow, reach, buyForEver } = endowedOn(connection);

describe("Endowment refuses", () => {
  it("strangers where the log or the audits must call (ENDOW-9)", async () => {
    const at = await networkHelpers.loadFixture(deploy);
    const { endowment, log, audits, other } = at;
    const asLog = [endowment.connect(audits).deposit(1n, 0n, 0n, 0n)];
    const asAudits = [log, other].flatMap((caller) => [
      endowment.connect(caller).open(1n),
      endowment.connect(caller).pay(1n, other.address, 1n, 1n),
      endowment.connect(caller).close(1n),
    ]);
    for (const call of asLog)
      await expect(call)
        .to.be.revertedWithCustomError(endowment, "Endowment_OnlyModule")
        .withArgs(audits.address, log.address);
    for (const call of asAudits)
      await expect(call).to.be.revertedWithCustomError(endowment, "Endowment_OnlyModule");
  });

  it("fees that have not arrived, and units of none", async () => {
    const at = await networkHelpers.loadFixture(deploy);
    const { endowment, token } = at;
    await buyForEver(at, GIB);
    await token.mint(await endowment.getAddress(), 99n);
    await expect(endowment.deposit(1n, 0n, 0n, 100n))
      .to.be.revertedWithCustomError(endowment, "Endowment_Unfunded")
      .withArgs(100n, 99n);
    await expect(endowment.deposit(0n, 0n, 0n, 99n)).to.be.revertedWithCustomError(
      endowment,
      "Endowment_ZeroUnits",
    );
  });

  it("fees of a token that keeps a part of them (ENDOW-10)", async () => {
    const token = await ethers.deployContract("FeeOnTransferToken");
    const { endowment } = await deployOver(await token.getAddress());
    const epoch = (await epochNow()) + 1n;
    await token.getFunction("transfer")(await endowment.getAddress(), 1_000n);
    await expect(endowment.deposit(1n, epoch, epoch, 1_000n))
      .to.be.revertedWithCustomError(endowment, "Endowment_Unfunded")
      .withArgs(1_000n, 990n);
    await endowment.deposit(1n, epoch, epoch, 990n);
    expect(await token.getFunction("balanceOf")(await endowment.getAddress())).to.equal(
      await endowment.totalHeld(),
    );
  });

  it("re-entry from every transfer (ENDOW-10)", async () => {
    const token = await ethers.deployContract("ReentrantToken");
    const thief = await token.getAddress();
    const { endowment, audits } = await deployOver(thief);
    const address = await endowment.getAddress();
    const epoch = (await epochNow()) + 1n;
    await token.getFunction("transfer")(address, 2_000n);
    await endowment.deposit(1n, epoch, epoch, 1_000n);
    await reach(epoch);
    await endowment.connect(audits).open(epoch);
    await endowment.connect(audits).pay(epoch, thief, 1n, 2n);
    const calls = endowment.interface;
    const attacks = [
      calls.encodeFunctionData("endow"),
      calls.encodeFunctionData("collect", [thief]),
      calls.encodeFunctionData("roll", [1n]),
    ];
    for (const attack of attacks) {
      await token.getFunction("aim")(address, attack);
      await endowment.deposit(1n, epoch + 1n, epoch + 1n, 100n);
      expect(await token.getFunction("succeeded")()).to.equal(false);
      expect(await token.getFunction("outcome")()).to.equal(
        lib.id("ReentrancyGuardReentrantCall()").slice(0, 10),
      );
    }
    expect(await endowment.owed(thief)).to.equal(475n);
  });
});
